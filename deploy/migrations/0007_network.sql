-- What agents measured of the network (broker/core/network.h): the last word of each, and when it was measured.  Older than half an hour it
-- counts as unknown; nothing has to remove it.

-- Between a site and its broker, and where the site answers to others' probes.
CREATE TABLE site_network (
    site_id                 uuid PRIMARY KEY REFERENCES site,
    epoch                   bigint NOT NULL,
    number                  bigint NOT NULL,               -- of the report within its session
    probe_address           text NOT NULL DEFAULT '',      -- in figures; empty: none
    shortest_us             bigint CHECK (shortest_us > 0),
    median_us               bigint CHECK (median_us >= shortest_us),
    samples                 bigint CHECK (samples > 0),
    round_trip_at           timestamptz,                   -- of the three above; NULL with them
    upload_bytes_per_second bigint CHECK (upload_bytes_per_second > 0),
    upload_at               timestamptz,
    reported_at             timestamptz NOT NULL,
    CHECK ((round_trip_at IS NULL) = (median_us IS NULL))
) WITH (fillfactor = 50);

-- From one site to another's probe address.
CREATE TABLE site_round_trip (
    from_site_id uuid NOT NULL REFERENCES site,
    to_site_id   uuid NOT NULL REFERENCES site,
    shortest_us  bigint CHECK (shortest_us > 0),           -- NULL: nothing answered there
    median_us    bigint CHECK (median_us >= shortest_us),
    samples      bigint CHECK (samples > 0),
    measured_at  timestamptz NOT NULL,
    stored_at    timestamptz NOT NULL,                     -- readers ask for what came since
    PRIMARY KEY (from_site_id, to_site_id),
    CHECK (from_site_id <> to_site_id),
    CHECK ((shortest_us IS NULL) = (median_us IS NULL) AND (samples IS NULL) = (median_us IS NULL))
) WITH (fillfactor = 50);

GRANT SELECT ON site_network, site_round_trip TO turnpike_api, turnpike_link, turnpike_placement;
GRANT INSERT, UPDATE ON site_network, site_round_trip TO turnpike_link;
