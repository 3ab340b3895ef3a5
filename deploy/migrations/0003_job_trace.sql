-- What ties a job to the call that submitted it, for logs and for the job's own environment: the W3C trace context and the client's
-- name for the call.  No index: nothing looks a job up by them but a person.
ALTER TABLE job
    ADD COLUMN traceparent text,
    ADD COLUMN call_id     text;
