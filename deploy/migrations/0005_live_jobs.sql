-- The live half of job_status has a name of its own.  A join with attempts is not pushed into a union: each batch of reports read its jobs
-- from the ended ones, too, in every partition.

CREATE VIEW live_job_status WITH (security_invoker = true) AS
SELECT s.project_id, s.job_id, s.task_index, j.number, j.name, s.class_id, j.priority, s.state, s.reason, s.version, j.created_at,
       s.started_at, NULL::timestamptz AS ended_at, s.attempt_id, s.site_id, coalesce(t.name, '') AS site_name, s.share, s.local_job_id,
       s.site_state, NULL::smallint AS exit_code, 0::smallint AS exit_signal, '' AS cause, '' AS fault, s.attempt_count,
       s.cancel_requested, j.time_limit_seconds, h.unit, h.reserved_micros, h.charged_micros - h.refunded_micros AS charged_micros,
       h.released_micros + h.refunded_micros AS released_micros,
       false AS provisional, false AS settled, s.start_count, j.attempts_max, j.rerun_safe
  FROM job_state AS s
  JOIN job AS j ON j.project_id = s.project_id AND j.job_id = s.job_id
  JOIN funds_hold AS h ON h.job_id = s.job_id
  LEFT JOIN site AS t ON t.site_id = s.site_id;
GRANT SELECT ON live_job_status TO turnpike_api, turnpike_link, turnpike_placement;

CREATE OR REPLACE VIEW job_status WITH (security_invoker = true) AS
SELECT *
  FROM live_job_status
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
