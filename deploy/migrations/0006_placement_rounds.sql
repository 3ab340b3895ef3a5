-- What rounds of placement took and decided, so that they can be run again (broker/core/round_replay.h).

CREATE SEQUENCE placement_round_seq AS bigint CACHE 1;

-- One row a round, written by the replica that holds the placement lease in the transaction of the round's plan.  Rows of one lease form
-- chains: number 0 is complete, each later one says what changed since the one before it.  A large input has further pieces, each a row.
CREATE TABLE placement_round (
    round          bigint NOT NULL,               -- by placement_round_seq
    piece          integer NOT NULL DEFAULT 0 CHECK (piece >= 0),
    at             timestamptz NOT NULL,          -- the round's time
    lease_epoch    bigint NOT NULL,
    number         bigint NOT NULL CHECK (number >= 0),
    policy_version bigint NOT NULL,
    waiting        bigint NOT NULL,               -- jobs
    placed         bigint NOT NULL,               -- of them, by the plan; a line that the database refused is counted
    input          bytea NOT NULL,                -- broker/core/round_recorder.h
    plan           bytea NOT NULL,                -- broker/core/recorded_plan.h; with the first piece
    PRIMARY KEY (round, piece, at)
) PARTITION BY RANGE (at);
CREATE TABLE placement_round_default PARTITION OF placement_round DEFAULT;
-- Ids and numbers: nothing that compression would find.
ALTER TABLE placement_round ALTER COLUMN input SET STORAGE EXTERNAL, ALTER COLUMN plan SET STORAGE EXTERNAL;

-- Makes the partitions of today and the next days, UTC, and drops those of days that are not kept any more.  By age alone: no live job
-- needs a row of it.  Each by itself, and safe to call again.  Returns what could not be done, and why.
CREATE FUNCTION keep_round_partitions(days_kept integer) RETURNS SETOF text LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
    first_kept date := today - days_kept;
    part text;
BEGIN
    FOR i IN 0..3 LOOP
        part := 'placement_round_' || to_char(today + i, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(part) IS NOT NULL;
        BEGIN
            PERFORM make_partition('placement_round', part, 'at', ((today + i)::timestamp AT TIME ZONE 'UTC')::text,
                                   ((today + i + 1)::timestamp AT TIME ZONE 'UTC')::text);
        EXCEPTION WHEN OTHERS THEN
            RETURN NEXT part || ': ' || SQLERRM;
        END;
    END LOOP;
    FOR part IN
        SELECT c.relname
          FROM pg_inherits AS i
          JOIN pg_class AS c ON c.oid = i.inhrelid
         WHERE i.inhparent = 'placement_round'::regclass
           AND c.relname ~ '^placement_round_\d{8}$'
           AND c.relname < 'placement_round_' || to_char(first_kept, 'YYYYMMDD')
         ORDER BY c.relname
    LOOP
        BEGIN
            EXECUTE format('DROP TABLE %I', part);
        EXCEPTION WHEN OTHERS THEN
            RETURN NEXT part || ': ' || SQLERRM;
        END;
    END LOOP;
    DELETE FROM placement_round_default WHERE at < first_kept::timestamp AT TIME ZONE 'UTC';
END
$$;
REVOKE EXECUTE ON FUNCTION keep_round_partitions(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_round_partitions(integer) TO turnpike_placement;
SELECT keep_round_partitions(14);

-- Jobs of all projects stand in each row: only who places may read it.
ALTER TABLE placement_round ENABLE ROW LEVEL SECURITY;
ALTER TABLE placement_round FORCE ROW LEVEL SECURITY;
CREATE POLICY placement_all ON placement_round TO turnpike_placement USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON placement_round TO turnpike USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON placement_round TO turnpike_placement;
GRANT USAGE ON SEQUENCE placement_round_seq TO turnpike_placement;
