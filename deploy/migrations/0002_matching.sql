-- What placement goes by beside jobs and shares: whose turn it is, which shares fail, when sites are not to be used.

-- A project's part when several projects' jobs wait, beside the weights of the others.
ALTER TABLE project ADD COLUMN weight integer NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 1000);
GRANT UPDATE (weight) ON project TO turnpike_api;

-- What a project was charged on one day, UTC, less what it got back on it: fair share reads the last weeks at each start and two days at
-- each look (broker/core/fair_share.h).  Changed with the transfers, under the lock of the project's account.
CREATE TABLE project_usage (
    project_id     uuid NOT NULL,
    day            date NOT NULL,
    charged_micros bigint NOT NULL,
    PRIMARY KEY (project_id, day)
) WITH (fillfactor = 50);
CREATE INDEX project_usage_day ON project_usage (day);
INSERT INTO project_usage (project_id, day, charged_micros)
SELECT project_id, (at AT TIME ZONE 'UTC')::date, sum(CASE kind WHEN 'CHARGE' THEN amount_micros ELSE -amount_micros END)
  FROM transfer
 WHERE kind IN ('CHARGE', 'REFUND')
 GROUP BY 1, 2;

-- Shares at which jobs failed in a row by the site's fault (broker/core/share_breaker.h).  A job that ends well removes the row.
CREATE TABLE share_breaker (
    site_id      uuid NOT NULL REFERENCES site,
    share        text NOT NULL,
    failures     integer NOT NULL CHECK (failures > 0),
    open_until   timestamptz,                      -- NULL: too few failures so far
    seconds      bigint NOT NULL DEFAULT 0,        -- how long it was opened last, from which the next time grows
    last_failure text NOT NULL DEFAULT '',         -- in the site's words
    failed_at    timestamptz NOT NULL,
    PRIMARY KEY (site_id, share)
) WITH (fillfactor = 50);

-- When a site, or one share of it, is not to be used, as its operators said.
CREATE TABLE site_maintenance (
    window_id  uuid PRIMARY KEY,
    site_id    uuid NOT NULL REFERENCES site,
    share      text NOT NULL DEFAULT '',           -- empty: every share of the site
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL CHECK (ends_at > starts_at),
    reason     text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE project_usage ENABLE ROW LEVEL SECURITY;
ALTER TABLE project_usage FORCE ROW LEVEL SECURITY;
CREATE POLICY placement_all ON project_usage TO turnpike_placement USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON project_usage TO turnpike USING (true) WITH CHECK (true);
CREATE POLICY project_rows ON project_usage TO turnpike_api, turnpike_link
    USING (project_id = ANY ((SELECT nullif(current_setting('turnpike.projects', true), '')::uuid[])::uuid[]));

GRANT SELECT ON project_usage, share_breaker, site_maintenance TO turnpike_api, turnpike_link, turnpike_placement;
GRANT INSERT, UPDATE ON project_usage TO turnpike_link, turnpike_placement;
GRANT INSERT, UPDATE, DELETE ON share_breaker TO turnpike_link;
GRANT INSERT, DELETE ON site_maintenance TO turnpike_api;
GRANT DELETE ON project_usage, site_maintenance TO turnpike_placement;
