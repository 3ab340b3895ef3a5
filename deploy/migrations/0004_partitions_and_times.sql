-- What the first schema could not know.

-- Partitions -------------------------------------------------------------------------------------------------------------------

-- Makes one partition, and moves into it what came before it was there: rows of its time lie in the default partition, and while they do,
-- PostgreSQL makes no partition for them.  A key's time is its maker's, and a UUID of another version has any.  Waits a second for a lock:
-- whoever comes after it waits as long.
CREATE FUNCTION make_partition(parent text, part text, by_column text, lower_bound text, upper_bound text) RETURNS void LANGUAGE plpgsql
    SET search_path = public, pg_temp SET lock_timeout = '1s' AS $$
BEGIN
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', parent || '_default');
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent);
    EXECUTE format('WITH moved AS (DELETE FROM %I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
                   parent || '_default', by_column, lower_bound, by_column, upper_bound, part);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part, lower_bound, upper_bound);
END
$$;
REVOKE EXECUTE ON FUNCTION make_partition(text, text, text, text, text) FROM PUBLIC;

-- Makes the partitions of this month and the next ones that are not there; safe to call again.  Each by itself: what keeps one from being
-- made keeps no other.  Returns those that were not made, and why; their rows go to the default partition meanwhile.
CREATE FUNCTION make_partitions(months_ahead integer) RETURNS SETOF text LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    this_month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
    month timestamptz;
    next_month timestamptz;
    parent text;
    part text;
BEGIN
    FOR i IN 0..months_ahead LOOP
        month := (this_month + make_interval(months => i)) AT TIME ZONE 'UTC';
        next_month := (this_month + make_interval(months => i + 1)) AT TIME ZONE 'UTC';
        FOREACH parent IN ARRAY ARRAY['job_event', 'transfer', 'usage_record', 'quote_refusal', 'job', 'job_end', 'request_key'] LOOP
            part := parent || to_char(month AT TIME ZONE 'UTC', '_YYYYMM');
            CONTINUE WHEN to_regclass(part) IS NOT NULL;
            BEGIN
                PERFORM CASE
                            WHEN parent IN ('job', 'job_end') THEN
                                make_partition(parent, part, 'job_id', uuid_at(month)::text, uuid_at(next_month)::text)
                            WHEN parent = 'request_key' THEN
                                make_partition(parent, part, 'key', uuid_at(month)::text, uuid_at(next_month)::text)
                            ELSE make_partition(parent, part, 'at', month::text, next_month::text)
                        END;
            EXCEPTION WHEN OTHERS THEN
                RETURN NEXT part || ': ' || SQLERRM;
            END;
        END LOOP;
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION make_partitions(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION make_partitions(integer) TO turnpike_placement;

-- For brokers of the version before.
CREATE OR REPLACE FUNCTION ensure_partitions(months_ahead integer) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM make_partitions(months_ahead);
END
$$;

-- Attempts ---------------------------------------------------------------------------------------------------------------------

-- An attempt's time by the broker's own clock: from its offer until the broker knew that it was over.  A site's own times are believed
-- within it.  NULL: from before these columns.
ALTER TABLE attempt ADD COLUMN offered_at timestamptz;
ALTER TABLE attempt ALTER COLUMN offered_at SET DEFAULT now();
ALTER TABLE attempt_end ADD COLUMN offered_at timestamptz, ADD COLUMN known_at timestamptz;
ALTER TABLE attempt_end ALTER COLUMN known_at SET DEFAULT now();

-- Whether a job was charged provisionally is asked for each one that is listed.
CREATE INDEX attempt_end_provisional ON attempt_end (job_id) WHERE charge_state = 'PROVISIONAL';
