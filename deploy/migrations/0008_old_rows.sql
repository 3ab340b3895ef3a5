-- What leaves the database once it is old.

-- Since when a call's key is kept.  A UUIDv7 tells its time itself; keys of another version are dropped by this.  Those from before this
-- column count from here.
ALTER TABLE request_key ADD COLUMN kept_since timestamptz NOT NULL DEFAULT now();

-- Output of jobs that ended long ago.
GRANT DELETE ON log_chunk TO turnpike_placement;
