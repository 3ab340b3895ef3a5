#include "bench/harness/stored_jobs.h"

#include <algorithm>

#include "broker/core/stored_request.h"

namespace turnpike {
namespace {

constexpr int64_t kJobsPerTransaction = 100'000;

// A UUIDv7 of a millisecond; the same seed gives the same one.
constexpr char kMakeFunction[] = R"sql(
    CREATE OR REPLACE FUNCTION id_at(milliseconds bigint, seed text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(milliseconds), 12, '0') || '7' || substr(md5(seed), 1, 3) || '8' || substr(md5(seed), 4, 15))::uuid
    $$
)sql";

// The job to copy.  {0} its id.
constexpr char kMakeModel[] = R"sql(
    DROP TABLE IF EXISTS stored_model;
    CREATE TEMPORARY TABLE stored_model AS
    SELECT j.*, p.bytes AS script, h.account_id, h.unit, h.reserved_micros, s.class_id, e.body, k.method, k.reply
      FROM job AS j
      JOIN payload AS p ON p.project_id = j.project_id AND p.sha256 = j.payload_sha256
      JOIN funds_hold AS h USING (job_id)
      JOIN job_state AS s USING (job_id)
      JOIN job_event AS e USING (job_id)
     CROSS JOIN (SELECT method, reply FROM request_key WHERE method = 'SubmitJob' ORDER BY key LIMIT 1) AS k
     WHERE j.job_id = '{0}' AND e.kind = 'SUBMITTED';
)sql";

// Who comes next.  {0} first number, {1} last, {2} how many there will be in all, {3} classes and {4} sites as arrays.
constexpr char kMakeNew[] = R"sql(
    DROP TABLE IF EXISTS stored_new;
    CREATE TEMPORARY TABLE stored_new AS
    SELECT id_at(at, 'job' || n) AS job_id, id_at(at, 'key' || n) AS key, to_timestamp(at / 1000.0) AS at, script,
           sha256(script) AS sha256, coalesce(({3})[1 + n % greatest(cardinality({3}), 1)], class_id) AS class_id,
           md5('attempt' || n)::uuid AS attempt_id, ({4})[1 + n % greatest(cardinality({4}), 1)] AS site_id
      FROM (SELECT n, m.script || convert_to('# ' || n, 'UTF8') AS script, m.class_id,
                   (extract(epoch FROM t.began + (t.ended - t.began) * (n::float8 / {2})) * 1000)::bigint AS at
              FROM generate_series({0}::bigint, {1}::bigint) AS n
             CROSS JOIN stored_model AS m
             CROSS JOIN (SELECT greatest(date_trunc('month', now()), now() - interval '12 hours') AS began,
                                now() - interval '1 minute' AS ended) AS t) AS made;
    ANALYZE stored_new;
)sql";

// In the order of a submission.  {0} what the holds have released.
constexpr char kInsertSubmissions[] = R"sql(
    INSERT INTO request_key (project_id, method, key, request_hash, reply)
    SELECT m.project_id, m.method, n.key, n.sha256, m.reply FROM stored_new AS n CROSS JOIN stored_model AS m;
    INSERT INTO funds_hold (job_id, project_id, account_id, unit, reserved_micros, released_micros)
    SELECT n.job_id, m.project_id, m.account_id, m.unit, m.reserved_micros, {0} FROM stored_new AS n CROSS JOIN stored_model AS m;
    INSERT INTO payload (project_id, sha256, bytes)
    SELECT m.project_id, n.sha256, n.script FROM stored_new AS n CROSS JOIN stored_model AS m;
    INSERT INTO job (project_id, job_id, name, subject, spec, payload_sha256, priority, nodes, cores, accelerators,
                     time_limit_seconds, attempts_max, rerun_safe, created_at)
    SELECT m.project_id, n.job_id, m.name, m.subject, m.spec, n.sha256, m.priority, m.nodes, m.cores, m.accelerators,
           m.time_limit_seconds, m.attempts_max, m.rerun_safe, n.at
      FROM stored_new AS n CROSS JOIN stored_model AS m;
    INSERT INTO job_event (at, project_id, job_id, version, kind, state, body)
    SELECT n.at, m.project_id, n.job_id, 1, 'SUBMITTED', 'PENDING', m.body FROM stored_new AS n CROSS JOIN stored_model AS m;
)sql";

constexpr char kInsertWaiting[] = R"sql(
    INSERT INTO job_state (job_id, project_id, class_id, state, version)
    SELECT n.job_id, m.project_id, n.class_id, 'PENDING', 1 FROM stored_new AS n CROSS JOIN stored_model AS m;
)sql";

constexpr char kInsertOffered[] = R"sql(
    INSERT INTO job_state (job_id, project_id, class_id, state, version, attempt_count, attempt_id, site_id, share)
    SELECT n.job_id, m.project_id, n.class_id, 'PLACED', 2, 1, n.attempt_id, n.site_id, 'main'
      FROM stored_new AS n CROSS JOIN stored_model AS m;
    INSERT INTO attempt (attempt_id, job_id, project_id, site_id, share, price_version, nodes, cores, accelerators, memory_mib, fence,
                         state, time_limit_seconds, offer_expires_at)
    SELECT n.attempt_id, n.job_id, m.project_id, n.site_id, 'main', 1, m.nodes, m.cores, m.accelerators, 0, 1, 'OFFERED',
           m.time_limit_seconds, now() + interval '1 day'
      FROM stored_new AS n CROSS JOIN stored_model AS m;
)sql";

constexpr char kHoldFunds[] = R"sql(
    UPDATE account AS a
       SET held_micros = a.held_micros + m.reserved_micros * (SELECT count(*) FROM stored_new)
      FROM stored_model AS m
     WHERE a.account_id = m.account_id;
)sql";

constexpr char kInsertEnded[] = R"sql(
    INSERT INTO job_end (job_id, project_id, state, version, attempt_count, share, local_job_id, site_state, reason, ended_at, cause,
                         fault)
    SELECT n.job_id, m.project_id, 'CANCELLED', 2, 0, '', '', '', '', n.at, 'CANCELLED', 'USER'
      FROM stored_new AS n CROSS JOIN stored_model AS m;
)sql";

// $1 job.
constexpr char kReadRequest[] = R"sql(
    SELECT c.request
      FROM job_state AS s
      JOIN job_class AS c USING (class_id)
     WHERE s.job_id = $1
)sql";
// $1 classes, $2 requests.
constexpr char kInsertClasses[] = R"sql(
    INSERT INTO job_class (class_id, request)
    SELECT class_id, request
      FROM unnest($1::uuid[], $2::bytea[]) AS new(class_id, request)
        ON CONFLICT DO NOTHING
)sql";

template <class AnyId>
std::string ArrayOf(const std::vector<AnyId>& ids) {
  std::string text;
  for (const AnyId& id : ids) {
    text += (text.empty() ? "" : ",") + id.ToString();
  }
  return fmt::format("'{{{}}}'::uuid[]", text);
}

// What follows the rows of a submission.
std::string RowsOf(StoredAs as) {
  switch (as) {
    case StoredAs::kEnded:
      return kInsertEnded;
    case StoredAs::kWaiting:
      return std::string(kInsertWaiting) + kHoldFunds;
    case StoredAs::kOffered:
      return std::string(kInsertOffered) + kHoldFunds;
  }
  return "";
}

}  // namespace

Status StoreJobs(const LoadedFederation& federation, JobId model, const StoredJobs& jobs) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> database, federation.OpenDatabase());
  RETURN_IF_ERROR(database->ExecuteScript(kMakeFunction));
  RETURN_IF_ERROR(database->ExecuteScript(fmt::format(kMakeModel, model.ToString())));
  const std::string rows =
      fmt::format(kInsertSubmissions, jobs.as == StoredAs::kEnded ? "m.reserved_micros" : "0") + RowsOf(jobs.as);
  const std::string classes = ArrayOf(jobs.classes);
  const std::string sites = ArrayOf(jobs.sites);
  for (int64_t first = 1; first <= jobs.count; first += kJobsPerTransaction) {
    const int64_t last = std::min(first + kJobsPerTransaction - 1, jobs.count);
    RETURN_IF_ERROR(database->ExecuteScript(fmt::format(kMakeNew, first, last, jobs.count, classes, sites)));
    RETURN_IF_ERROR(database->ExecuteScript(rows));
  }
  // As it stands after a while: nobody's measurement pays for the first look at new rows.
  RETURN_IF_ERROR(database->ExecuteScript("VACUUM (ANALYZE)"));
  return database->ExecuteScript("CHECKPOINT");
}

Result<std::vector<Uuid>> StoreClasses(const LoadedFederation& federation, JobId model, int count,
                                       const std::function<void(JobRequest& request, int number)>& change) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> database, federation.OpenDatabase());
  ASSIGN_OR_RETURN(const Rows rows, database->Execute(kReadRequest, Params().Id(model)));
  if (rows.empty()) {
    return NotFound("job {} is not live: its class cannot be copied", model.ToString());
  }
  std::vector<Uuid> classes;
  std::vector<std::string> requests;
  for (int number = 0; number < count; ++number) {
    ASSIGN_OR_RETURN(JobRequest request, DecodeJobRequest(rows.Bytes(0, 0)));
    change(request, number);
    requests.push_back(EncodeJobRequest(request));
    classes.push_back(ClassIdOf(requests.back()));
  }
  RETURN_IF_ERROR(
      database->Execute(kInsertClasses, Params().IdArray(std::span<const Uuid>(classes)).BytesArray(requests))
          .status());
  return classes;
}

}  // namespace turnpike
