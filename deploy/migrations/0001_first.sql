-- The first schema.  What each table is for stands above it; why it has this shape stands in docs/ARCHITECTURE.md.
-- Long because the first schema is one whole: each table is read beside the others.
--
-- Three kinds of tables: written once (job, job_end, attempt_end, job_event, transfer, usage_record), small and changing (job_state, attempt,
-- account, funds_hold: no index on a column that changes), and registers (project, site, price_book).  No foreign keys on hot
-- insert-only tables; `turnpike-broker audit` looks for orphans instead.  Moments are UTC; money is whole micro-units.
--
-- Roles: turnpike owns and migrates; turnpike_api serves users (rows of the projects named in turnpike.projects); turnpike_link serves
-- agents (attempts of the site named in turnpike.site, and the projects they belong to); turnpike_placement places and sweeps (all rows).

-- Registers --------------------------------------------------------------------------------------------------------------------

-- A group of users that shares an account.
CREATE TABLE project (
    project_id uuid PRIMARY KEY,
    name       text NOT NULL UNIQUE CHECK (name ~ '^[a-z][a-z0-9-]{0,39}$'),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Who may call: a bearer token's SHA-256, what it may do, and for which project.
CREATE TABLE api_token (
    token_id   uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    project_id uuid REFERENCES project,          -- NULL: no project of its own (an operator)
    subject    text NOT NULL,                    -- the person or program, for records
    roles      text[] NOT NULL,                  -- user, site-operator, federation-operator
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);

-- A registered center.
CREATE TABLE site (
    site_id      uuid PRIMARY KEY,
    name         text NOT NULL UNIQUE CHECK (name ~ '^[a-z][a-z0-9-]{0,39}$'),
    display_name text NOT NULL,
    region       text NOT NULL DEFAULT '',
    time_zone    text NOT NULL DEFAULT 'UTC',
    state        text NOT NULL CHECK (state IN ('REGISTERED', 'ACTIVE', 'DRAINING', 'QUARANTINED')),
    state_reason text NOT NULL DEFAULT '',
    scheduler    text NOT NULL DEFAULT '',
    agent        integer NOT NULL DEFAULT 0,  -- which of its agents enrolled last, 1, 2, 3 …: only that one is admitted
    last_seen_at timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);

-- One-time tokens by which agents enroll.  The first use stores the key's digest and the certificate, so that a lost answer can be given again.
CREATE TABLE enrollment_token (
    token_hash      bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    site_id         uuid NOT NULL REFERENCES site,
    expires_at      timestamptz NOT NULL,
    used_at         timestamptz,
    public_key_hash bytea,
    certificate_pem text
);

-- Every certificate issued to an agent.
CREATE TABLE site_certificate (
    serial     text PRIMARY KEY,
    site_id    uuid NOT NULL REFERENCES site,
    not_after  timestamptz NOT NULL,
    issued_at  timestamptz NOT NULL DEFAULT now()
);

-- A site's prices; a version never changes.
CREATE TABLE price_book (
    site_id      uuid NOT NULL REFERENCES site,
    version      bigint NOT NULL CHECK (version > 0),
    unit         text NOT NULL,
    effective_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (site_id, version)
);
CREATE TABLE price_rate (
    site_id  uuid NOT NULL,
    version  bigint NOT NULL,
    share    text NOT NULL,                       -- "*": every share without a rate of its own
    resource text NOT NULL CHECK (resource IN ('node-hour', 'core-hour', 'accelerator-hour', 'GiB-hour')),
    micros   bigint NOT NULL CHECK (micros >= 0), -- micro-units per resource-hour
    PRIMARY KEY (site_id, version, share, resource),
    FOREIGN KEY (site_id, version) REFERENCES price_book
);

-- All sites' prices at one time: what a job is quoted by at submission and charged by at its end.  Each new price book makes a new list.
CREATE TABLE price_list (
    price_list_id bigint NOT NULL,
    site_id       uuid NOT NULL,
    version       bigint NOT NULL,
    PRIMARY KEY (price_list_id, site_id),
    FOREIGN KEY (site_id, version) REFERENCES price_book
);

-- What a site's agent last said that it has: one row per site, an encoded list of shares.
CREATE TABLE site_capacity (
    site_id     uuid PRIMARY KEY REFERENCES site,
    epoch       bigint NOT NULL,
    number      bigint NOT NULL,
    body        bytea NOT NULL,
    reported_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- Which replica holds a site's stream, and under which epoch.
CREATE TABLE site_session (
    site_id      uuid PRIMARY KEY REFERENCES site,
    epoch        bigint NOT NULL,
    replica      text NOT NULL,
    connected_at timestamptz NOT NULL DEFAULT now(),
    connected    boolean NOT NULL DEFAULT true
) WITH (fillfactor = 50);

-- Up to which report of which journal everything is applied.
CREATE TABLE site_high_water (
    site_id    uuid NOT NULL REFERENCES site,
    journal_id uuid NOT NULL,
    seq        bigint NOT NULL,
    PRIMARY KEY (site_id, journal_id)
) WITH (fillfactor = 50);

-- Reports that could not be applied, for a person to look at; the mark moves on past them.
CREATE TABLE refused_report (
    site_id    uuid NOT NULL,
    journal_id uuid NOT NULL,
    seq        bigint NOT NULL,
    attempt_id uuid,
    kind       text NOT NULL,
    why        text NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (site_id, journal_id, seq)
);

-- Keys the broker needs on every replica (quotes, page tokens).
CREATE TABLE broker_secret (
    name  text PRIMARY KEY,
    value bytea NOT NULL
);

-- One row: rises when the database was restored to the past; part of every resume token.
CREATE TABLE restore_epoch (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch    bigint NOT NULL DEFAULT 1
);
INSERT INTO restore_epoch DEFAULT VALUES;

-- Who commits plans.  The lock itself is a session advisory lock; this row tells others how fresh its holder is.
CREATE TABLE placement_lease (
    only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch     bigint NOT NULL DEFAULT 0,
    replica   text NOT NULL DEFAULT '',
    backend   integer NOT NULL DEFAULT 0,
    heartbeat timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50);
INSERT INTO placement_lease DEFAULT VALUES;

-- Jobs -------------------------------------------------------------------------------------------------------------------------

-- Idempotency keys of calls that change something.  Partitioned by the time inside the UUIDv7 itself, so that a retry always meets
-- its partition; keys of any other form go to the default partition.  project_id is nil for calls of no project.
CREATE TABLE request_key (
    project_id   uuid NOT NULL,
    method       text NOT NULL,
    key          uuid NOT NULL,
    request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
    reply        bytea,                           -- what was answered, encoded
    repeats      integer NOT NULL DEFAULT 0,      -- a repeat commits a write of its own before it is answered
    PRIMARY KEY (project_id, method, key)
) PARTITION BY RANGE (key);

-- Scripts and the like, once per project and content.
CREATE TABLE payload (
    project_id uuid NOT NULL,
    sha256     bytea NOT NULL CHECK (octet_length(sha256) = 32),
    bytes      bytea NOT NULL CHECK (octet_length(bytes) <= 1048576),
    PRIMARY KEY (project_id, sha256)
);

-- What jobs ask for and by which prices they were quoted, once per distinct content: jobs of one class are matched together.
CREATE TABLE job_class (
    class_id uuid PRIMARY KEY,                    -- the first 16 bytes of SHA-256 over `request`
    request  bytea NOT NULL                       -- broker/core/stored_request.h
);

CREATE SEQUENCE job_number AS bigint;

-- A job as its user wrote it; never changed.
CREATE TABLE job (
    project_id         uuid NOT NULL,
    job_id             uuid NOT NULL,
    number             bigint NOT NULL DEFAULT nextval('job_number'),
    name               text NOT NULL,
    subject            text NOT NULL,             -- who submitted it
    spec               bytea NOT NULL,            -- JobSpec without its script
    payload_sha256     bytea,                     -- the script
    priority           integer NOT NULL,
    nodes              integer NOT NULL,
    cores              bigint NOT NULL,
    accelerators       bigint NOT NULL,
    time_limit_seconds bigint NOT NULL,
    attempts_max       smallint NOT NULL,
    rerun_safe         boolean NOT NULL,
    created_at         timestamptz NOT NULL,
    PRIMARY KEY (project_id, job_id)
) PARTITION BY RANGE (job_id);
CREATE INDEX job_number_key ON job (number);

-- Live jobs only: the terminal event deletes the row and inserts job_end.  No index on a column that changes.
CREATE TABLE job_state (
    job_id           uuid NOT NULL,
    task_index       integer NOT NULL DEFAULT 0,
    project_id       uuid NOT NULL,
    state            text NOT NULL CHECK (state IN ('PENDING', 'PLACED', 'QUEUED', 'RUNNING')),
    version          bigint NOT NULL,
    class_id         uuid NOT NULL,              -- changes when a share refuses the job for ever
    attempt_count    smallint NOT NULL DEFAULT 0, -- attempts made
    start_count      smallint NOT NULL DEFAULT 0, -- of them, those that started
    attempt_id       uuid,
    site_id          uuid,
    share            text NOT NULL DEFAULT '',
    local_job_id     text NOT NULL DEFAULT '',
    site_state       text NOT NULL DEFAULT '',
    reason           text NOT NULL DEFAULT '',
    cancel_requested boolean NOT NULL DEFAULT false,
    started_at       timestamptz,
    PRIMARY KEY (job_id, task_index)
) WITH (fillfactor = 60);

-- How jobs ended; never changed, but for the version, which a late charge raises.  The money's last word is in funds_hold.
CREATE TABLE job_end (
    job_id        uuid NOT NULL,
    task_index    integer NOT NULL DEFAULT 0,
    project_id    uuid NOT NULL,
    state         text NOT NULL CHECK (state IN ('COMPLETED', 'FAILED', 'CANCELLED')),
    version       bigint NOT NULL,
    attempt_count smallint NOT NULL,
    attempt_id    uuid,
    site_id       uuid,
    share         text NOT NULL,
    local_job_id  text NOT NULL,
    site_state    text NOT NULL,
    reason        text NOT NULL,
    started_at    timestamptz,
    ended_at      timestamptz NOT NULL,
    exit_code     smallint,
    exit_signal   smallint NOT NULL DEFAULT 0,
    cause         text NOT NULL,
    fault         text NOT NULL,
    PRIMARY KEY (job_id, task_index)
) PARTITION BY RANGE (job_id);

-- Live attempts only: at most one per job, by the unique key.  A site's rows here are what it should be running.
CREATE TABLE attempt (
    attempt_id       uuid PRIMARY KEY,
    job_id           uuid NOT NULL,
    task_index       integer NOT NULL DEFAULT 0,
    project_id       uuid NOT NULL,
    site_id          uuid NOT NULL,
    share            text NOT NULL,
    price_version    bigint NOT NULL,
    nodes            bigint NOT NULL,             -- what the share allocates to it, for checks of its usage
    cores            bigint NOT NULL,
    accelerators     bigint NOT NULL,
    memory_mib       bigint NOT NULL,
    fence            bigint NOT NULL,
    state            text NOT NULL CHECK (state IN ('OFFERED', 'CLAIMED', 'AMBIGUOUS', 'SUBMITTED', 'STARTED', 'UNCERTAIN')),
    cancel_wanted    boolean NOT NULL DEFAULT false,
    time_limit_seconds bigint NOT NULL,           -- the job's own, else the share's default
    offer_expires_at timestamptz NOT NULL,
    cluster          text NOT NULL DEFAULT '',
    local_job_id     text NOT NULL DEFAULT '',
    submitted_at     timestamptz,
    started_at       timestamptz,
    UNIQUE (job_id, task_index)
) WITH (fillfactor = 60);
CREATE INDEX attempt_site ON attempt (site_id);

-- How attempts ended, and whether their use has been charged: two facts, each once.
CREATE TABLE attempt_end (
    attempt_id    uuid PRIMARY KEY,
    job_id        uuid NOT NULL,
    task_index    integer NOT NULL DEFAULT 0,
    project_id    uuid NOT NULL,
    site_id       uuid NOT NULL,
    share         text NOT NULL,
    price_version bigint NOT NULL,
    nodes         bigint NOT NULL,
    cores         bigint NOT NULL,
    accelerators  bigint NOT NULL,
    memory_mib    bigint NOT NULL,
    fence         bigint NOT NULL,
    state         text NOT NULL CHECK (state IN ('ENDED', 'NOT_STARTED', 'FENCED', 'INTERRUPTED', 'WITHDRAWN')),
    cluster       text NOT NULL,
    local_job_id  text NOT NULL,
    started_at    timestamptz,
    ended_at      timestamptz NOT NULL,
    detail        text NOT NULL DEFAULT '',
    charge_state  text NOT NULL CHECK (charge_state IN ('NONE', 'PENDING', 'PROVISIONAL', 'FINAL')),
    charge_due_at timestamptz                     -- with PENDING: settle from the wrapper's record then
) WITH (fillfactor = 80);
CREATE INDEX attempt_end_job ON attempt_end (job_id);
CREATE INDEX attempt_end_charge_due ON attempt_end (charge_due_at) WHERE charge_state = 'PENDING';

-- Shares that are left alone for a project after a limit of the site's own turned a job of it away (broker/core/share_pause.h).
CREATE TABLE share_pause (
    site_id      uuid NOT NULL,
    share        text NOT NULL,
    project_id   uuid NOT NULL,
    paused_until timestamptz NOT NULL,
    seconds      bigint NOT NULL CHECK (seconds > 0), -- how long the pause is, from which the next one grows
    limit_name   text NOT NULL,                       -- in the site's words
    PRIMARY KEY (site_id, share, project_id)
) WITH (fillfactor = 50);

-- Every change of every job, in commit order: readers take rows with xid below every running transaction, ordered by (xid, seq).
CREATE SEQUENCE job_event_seq AS bigint CACHE 1;
CREATE TABLE job_event (
    xid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    seq        bigint NOT NULL DEFAULT nextval('job_event_seq'),
    at         timestamptz NOT NULL,
    project_id uuid NOT NULL,
    job_id     uuid NOT NULL,
    task_index integer NOT NULL DEFAULT 0,
    version    bigint NOT NULL,
    kind       text NOT NULL,                     -- broker/core/job_state.h
    state      text NOT NULL,                     -- the job's state after it
    attempt_id uuid,
    site_id    uuid,
    body       bytea NOT NULL                     -- the job after the change, encoded (broker/core/job_view.h)
) PARTITION BY RANGE (at);
CREATE INDEX job_event_order ON job_event (xid, seq);
CREATE INDEX job_event_job ON job_event (job_id);

-- What jobs wrote: the last 64 KiB of each stream always, kept in chunks.
CREATE TABLE log_chunk (
    attempt_id   uuid NOT NULL,
    stream       text NOT NULL CHECK (stream IN ('output', 'error')),
    chunk_offset bigint NOT NULL,
    project_id   uuid NOT NULL,
    job_id       uuid NOT NULL,
    bytes        bytea NOT NULL CHECK (octet_length(bytes) <= 65536),
    at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (attempt_id, stream, chunk_offset)
);
CREATE INDEX log_chunk_job ON log_chunk (job_id);

-- Output that is read while it is written: until when the site is asked for it, and how far it is kept from its first byte on without
-- a gap.  It stays as long as its attempt is live, so that who reads again goes on where the last one stopped.
CREATE TABLE log_wish (
    attempt_id uuid NOT NULL,
    stream     text NOT NULL CHECK (stream IN ('output', 'error')),
    project_id uuid NOT NULL,
    job_id     uuid NOT NULL,
    site_id    uuid NOT NULL,
    until      timestamptz NOT NULL,
    stored_end bigint NOT NULL DEFAULT 0 CHECK (stored_end >= 0),
    closed     boolean NOT NULL DEFAULT false, -- the site has sent the whole of it
    PRIMARY KEY (attempt_id, stream)
) WITH (fillfactor = 50);
CREATE INDEX log_wish_site ON log_wish (site_id);

-- How much followed output came from a site within an hour.
CREATE TABLE log_volume (
    site_id uuid NOT NULL REFERENCES site,
    hour    timestamptz NOT NULL,
    bytes   bigint NOT NULL,
    PRIMARY KEY (site_id, hour)
) WITH (fillfactor = 50);

-- Submissions that no site could run or that funds did not cover: this is demand.
CREATE TABLE quote_refusal (
    at         timestamptz NOT NULL DEFAULT now(),
    project_id uuid NOT NULL,
    reason     text NOT NULL,
    request    bytea NOT NULL,
    detail     text NOT NULL
) PARTITION BY RANGE (at);

-- Money ------------------------------------------------------------------------------------------------------------------------

-- A book.  Projects' books are locked and carry their balance; the others are only ever credited (or, the world outside, only debited)
-- and are rolled up from the transfers (account_rollup).
CREATE TABLE account (
    account_id     uuid PRIMARY KEY,
    kind           text NOT NULL CHECK (kind IN ('project', 'site', 'federation', 'external')),
    project_id     uuid REFERENCES project,
    site_id        uuid REFERENCES site,
    unit           text NOT NULL,
    balance_micros bigint NOT NULL DEFAULT 0,
    held_micros    bigint NOT NULL DEFAULT 0 CHECK (held_micros >= 0),
    floor_micros   bigint NOT NULL DEFAULT 0 CHECK (floor_micros <= 0),
    CHECK ((kind = 'project') = (project_id IS NOT NULL)),
    CHECK ((kind = 'site') = (site_id IS NOT NULL)),
    CHECK (kind <> 'project' OR balance_micros - held_micros >= floor_micros),
    UNIQUE NULLS NOT DISTINCT (kind, project_id, site_id, unit)
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX account_project ON account (project_id) WHERE kind = 'project';

-- Balances of credit-only books up to a mark; what came later is added when asked.
CREATE TABLE account_rollup (
    account_id     uuid PRIMARY KEY REFERENCES account,
    balance_micros bigint NOT NULL,
    through_xid    xid8 NOT NULL                  -- all transfers with a smaller xid are in
) WITH (fillfactor = 50);

-- Money moved.  Two legs, so every row balances by itself; never updated, never deleted (no role may).
CREATE TABLE transfer (
    transfer_id    uuid NOT NULL,
    entry_id       uuid NOT NULL,
    at             timestamptz NOT NULL,
    xid            xid8 NOT NULL DEFAULT pg_current_xact_id(),
    kind           text NOT NULL CHECK (kind IN ('DEPOSIT', 'CHARGE', 'REFUND', 'ADJUSTMENT')),
    debit_account  uuid NOT NULL,
    credit_account uuid NOT NULL CHECK (credit_account <> debit_account),
    unit           text NOT NULL,
    amount_micros  bigint NOT NULL CHECK (amount_micros > 0),
    project_id     uuid NOT NULL,
    site_id        uuid,
    job_id         uuid,
    task_index     integer,
    attempt_id     uuid,
    description    text NOT NULL DEFAULT '',
    PRIMARY KEY (transfer_id, at)
) PARTITION BY RANGE (at);
CREATE INDEX transfer_debit ON transfer (debit_account, at);
CREATE INDEX transfer_credit ON transfer (credit_account, at);

-- Money set aside for one job, from submission to its last charge.  What is refunded later stays charged here: a job's own figures
-- (job_status) count it as given back.
CREATE TABLE funds_hold (
    job_id          uuid PRIMARY KEY,
    project_id      uuid NOT NULL,
    account_id      uuid NOT NULL,
    unit            text NOT NULL,
    reserved_micros bigint NOT NULL CHECK (reserved_micros >= 0),
    charged_micros  bigint NOT NULL DEFAULT 0 CHECK (charged_micros >= 0),
    released_micros bigint NOT NULL DEFAULT 0 CHECK (released_micros >= 0),
    refunded_micros bigint NOT NULL DEFAULT 0 CHECK (refunded_micros >= 0), -- of the charge, after it: by REFUND transfers
    CHECK (charged_micros + released_micros <= reserved_micros),
    CHECK (refunded_micros <= charged_micros)
) WITH (fillfactor = 60);

-- What attempts used.  number 1 is the site's or the wrapper's first word; corrections follow as 2, 3 …
CREATE TABLE usage_record (
    attempt_id          uuid NOT NULL,
    number              smallint NOT NULL,
    at                  timestamptz NOT NULL,
    project_id          uuid NOT NULL,
    job_id              uuid NOT NULL,
    task_index          integer NOT NULL DEFAULT 0,
    site_id             uuid NOT NULL,
    share               text NOT NULL,
    cluster             text NOT NULL,
    local_job_id        text NOT NULL,
    started_at          timestamptz,
    ended_at            timestamptz NOT NULL,
    node_seconds        bigint NOT NULL CHECK (node_seconds >= 0),
    core_seconds        bigint NOT NULL CHECK (core_seconds >= 0),
    accelerator_seconds bigint NOT NULL CHECK (accelerator_seconds >= 0),
    memory_mib_seconds  bigint NOT NULL CHECK (memory_mib_seconds >= 0),
    charged_micros      bigint NOT NULL CHECK (charged_micros >= 0),
    unit                text NOT NULL,
    price_version       bigint NOT NULL,
    formula             text NOT NULL,
    provisional         boolean NOT NULL,
    disputed            boolean NOT NULL DEFAULT false,
    PRIMARY KEY (attempt_id, number, at)
) PARTITION BY RANGE (at);
CREATE INDEX usage_record_project ON usage_record (project_id, at);
CREATE INDEX usage_record_job ON usage_record (job_id);

-- Partitions -------------------------------------------------------------------------------------------------------------------

-- The smallest UUIDv7 of a moment, as a bound.
CREATE FUNCTION uuid_at(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$$;

-- Makes the partitions of this month and the next ones; safe to call again.  Rows of any other time go to a default partition.
CREATE FUNCTION ensure_partitions(months_ahead integer) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    month timestamptz;
    parent text;
    part text;
BEGIN
    FOR i IN 0..months_ahead LOOP
        month := date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
        month := ((month AT TIME ZONE 'UTC') + make_interval(months => i)) AT TIME ZONE 'UTC';
        FOREACH parent IN ARRAY ARRAY['job_event', 'transfer', 'usage_record', 'quote_refusal'] LOOP
            part := parent || to_char(month AT TIME ZONE 'UTC', '_YYYYMM');
            IF to_regclass(part) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', part, parent, month,
                               ((month AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC');
            END IF;
        END LOOP;
        FOREACH parent IN ARRAY ARRAY['job', 'job_end', 'request_key'] LOOP
            part := parent || to_char(month AT TIME ZONE 'UTC', '_YYYYMM');
            IF to_regclass(part) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', part, parent, uuid_at(month),
                               uuid_at(((month AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC'));
            END IF;
        END LOOP;
    END LOOP;
END
$$;
CREATE TABLE job_default PARTITION OF job DEFAULT;
CREATE TABLE job_end_default PARTITION OF job_end DEFAULT;
CREATE TABLE request_key_default PARTITION OF request_key DEFAULT;
CREATE TABLE job_event_default PARTITION OF job_event DEFAULT;
CREATE TABLE transfer_default PARTITION OF transfer DEFAULT;
CREATE TABLE usage_record_default PARTITION OF usage_record DEFAULT;
CREATE TABLE quote_refusal_default PARTITION OF quote_refusal DEFAULT;
SELECT ensure_partitions(3);

-- Who may touch what -----------------------------------------------------------------------------------------------------------

-- The projects of this transaction.  The cast stands inside the sub-select of each policy: outside it costs four times as much.
DO $$
DECLARE
    relation text;
BEGIN
    FOREACH relation IN ARRAY ARRAY['request_key', 'payload', 'job', 'job_state', 'job_end', 'attempt', 'attempt_end',
                                    'share_pause', 'job_event', 'log_chunk', 'log_wish', 'quote_refusal', 'account', 'transfer', 'funds_hold', 'usage_record'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', relation);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', relation);
        EXECUTE format('CREATE POLICY placement_all ON %I TO turnpike_placement USING (true) WITH CHECK (true)', relation);
        EXECUTE format('CREATE POLICY owner_all ON %I TO turnpike USING (true) WITH CHECK (true)', relation);
        EXECUTE format('CREATE POLICY project_rows ON %I TO turnpike_api, turnpike_link
                        USING (project_id = ANY ((SELECT nullif(current_setting(''turnpike.projects'', true), '''')::uuid[])::uuid[]))',
                       relation);
    END LOOP;
END
$$;
-- An agent's session finds its attempts by its site; what follows from them, by their projects.
CREATE POLICY site_rows ON attempt TO turnpike_link
    USING (site_id = (SELECT nullif(current_setting('turnpike.site', true), '')::uuid));
CREATE POLICY site_rows ON attempt_end TO turnpike_link
    USING (site_id = (SELECT nullif(current_setting('turnpike.site', true), '')::uuid));
CREATE POLICY site_rows ON log_wish TO turnpike_link
    USING (site_id = (SELECT nullif(current_setting('turnpike.site', true), '')::uuid));
-- Accounts of no project: a site's earnings and the like are for operators; the service checks the role.
CREATE POLICY other_books ON account TO turnpike_api, turnpike_link USING (project_id IS NULL);
-- A site's income statement.
CREATE POLICY site_income ON transfer FOR SELECT TO turnpike_api
    USING (site_id = (SELECT nullif(current_setting('turnpike.site', true), '')::uuid));

GRANT SELECT ON ALL TABLES IN SCHEMA public TO turnpike_api, turnpike_link, turnpike_placement;
-- Who reads the key of quotes can make quotes.
REVOKE SELECT ON broker_secret FROM turnpike_link, turnpike_placement;
-- But partitions only through their parents: the policies stand there, and do not count where a partition is named itself.
DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT i.inhrelid FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid WHERE c.relkind = 'r' LOOP
        EXECUTE format('REVOKE ALL ON %s FROM turnpike_api, turnpike_link, turnpike_placement', part);
    END LOOP;
END
$$;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO turnpike_api, turnpike_link, turnpike_placement;
GRANT EXECUTE ON FUNCTION ensure_partitions(integer) TO turnpike_placement;

GRANT INSERT, UPDATE, DELETE ON request_key TO turnpike_api;
GRANT INSERT ON payload, job_class, job, job_event, quote_refusal, transfer, project, site, enrollment_token, site_certificate, price_book, price_rate, price_list,
    broker_secret, api_token TO turnpike_api;
GRANT INSERT, UPDATE ON account, funds_hold, site TO turnpike_api;
GRANT UPDATE ON api_token, enrollment_token, site_certificate TO turnpike_api;
GRANT DELETE ON enrollment_token TO turnpike_api;
GRANT INSERT, UPDATE, DELETE ON job_state, attempt TO turnpike_api;
GRANT INSERT ON job_end, attempt_end TO turnpike_api;
GRANT INSERT, UPDATE ON log_wish TO turnpike_api;

GRANT UPDATE (version) ON job_end TO turnpike_link, turnpike_placement;
GRANT INSERT ON job_class TO turnpike_link;
GRANT INSERT, UPDATE, DELETE ON job_state, attempt, share_pause TO turnpike_link;
GRANT INSERT ON job_event, job_end, transfer, usage_record, refused_report, log_chunk, account, site_certificate TO turnpike_link;
GRANT INSERT, UPDATE ON attempt_end, funds_hold, site_capacity, site_session, site_high_water TO turnpike_link;
GRANT UPDATE ON account, site TO turnpike_link;
GRANT UPDATE (bytes) ON log_chunk TO turnpike_link;
GRANT UPDATE (stored_end, closed) ON log_wish TO turnpike_link;
GRANT INSERT, UPDATE ON log_volume TO turnpike_link;

GRANT INSERT, UPDATE, DELETE ON job_state, attempt TO turnpike_placement;
GRANT INSERT ON job_event, job_end, transfer, usage_record, account TO turnpike_placement;
GRANT INSERT, UPDATE ON attempt_end, funds_hold, account_rollup, placement_lease TO turnpike_placement;
GRANT UPDATE ON account TO turnpike_placement;
GRANT DELETE ON request_key, quote_refusal, share_pause, log_wish, log_volume TO turnpike_placement;

-- Every job as it stands, live or ended.  Whoever reads it sees what their own role may see.
CREATE VIEW job_status WITH (security_invoker = true) AS
SELECT s.project_id, s.job_id, s.task_index, j.number, j.name, s.class_id, j.priority, s.state, s.reason, s.version, j.created_at,
       s.started_at, NULL::timestamptz AS ended_at, s.attempt_id, s.site_id, coalesce(t.name, '') AS site_name, s.share, s.local_job_id,
       s.site_state, NULL::smallint AS exit_code, 0::smallint AS exit_signal, '' AS cause, '' AS fault, s.attempt_count,
       s.cancel_requested, j.time_limit_seconds, h.unit, h.reserved_micros, h.charged_micros - h.refunded_micros AS charged_micros,
       h.released_micros + h.refunded_micros AS released_micros,
       false AS provisional, false AS settled, s.start_count, j.attempts_max, j.rerun_safe
  FROM job_state AS s
  JOIN job AS j ON j.project_id = s.project_id AND j.job_id = s.job_id
  JOIN funds_hold AS h ON h.job_id = s.job_id
  LEFT JOIN site AS t ON t.site_id = s.site_id
 UNION ALL
SELECT e.project_id, e.job_id, e.task_index, j.number, j.name, '00000000-0000-0000-0000-000000000000'::uuid, j.priority, e.state,
       e.reason, e.version, j.created_at, e.started_at, e.ended_at, e.attempt_id, e.site_id, coalesce(t.name, ''), e.share,
       e.local_job_id, e.site_state, e.exit_code, e.exit_signal, e.cause, e.fault, e.attempt_count, false, j.time_limit_seconds,
       h.unit, h.reserved_micros, h.charged_micros - h.refunded_micros, h.released_micros + h.refunded_micros,
       EXISTS (SELECT FROM attempt_end AS a WHERE a.job_id = e.job_id AND a.charge_state = 'PROVISIONAL'),
       h.charged_micros + h.released_micros = h.reserved_micros, 0::smallint, j.attempts_max, j.rerun_safe
  FROM job_end AS e
  JOIN job AS j ON j.project_id = e.project_id AND j.job_id = e.job_id
  JOIN funds_hold AS h ON h.job_id = e.job_id
  LEFT JOIN site AS t ON t.site_id = e.site_id;
GRANT SELECT ON job_status TO turnpike_api, turnpike_link, turnpike_placement;
