#include "broker/pg/job_rows.h"

#include "base/check.h"
#include "base/pg/sql_status.h"

namespace turnpike {
namespace {

// $1 projects, $2 jobs, $3 tasks, $4 versions, $5 kinds, $6 states, $7 attempts, $8 sites, $9 bodies; the sequence
// follows the arrays.
constexpr char kInsertEvents[] = R"sql(
    INSERT INTO job_event (at, project_id, job_id, task_index, version, kind, state, attempt_id, site_id, body)
    SELECT now(), project_id, job_id, task_index, version, kind, state, attempt_id, site_id, body
      FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::uuid[], $8::uuid[], $9::bytea[])
           WITH ORDINALITY AS new(project_id, job_id, task_index, version, kind, state, attempt_id, site_id, body, place)
     ORDER BY place
)sql";

// $1 jobs, $2 tasks.
constexpr char kDeleteLive[] = R"sql(
    DELETE FROM job_state AS s
     USING unnest($1::uuid[], $2::bigint[]) AS old(job_id, task_index)
     WHERE s.job_id = old.job_id
       AND s.task_index = old.task_index
)sql";

// $1 projects, $2 jobs, $3 tasks, $4 states, $5 versions, $6 attempt counts, $7 attempts, $8 sites, $9 shares, $10
// local ids, $11 site states, $12 reasons, $13 starts, $14 ends, $15 exit codes, $16 signals, $17 causes, $18 faults.
constexpr char kInsertEnds[] = R"sql(
    INSERT INTO job_end (project_id, job_id, task_index, state, version, attempt_count, attempt_id, site_id, share, local_job_id,
                         site_state, reason, started_at, ended_at, exit_code, exit_signal, cause, fault)
    SELECT *
      FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::uuid[], $8::uuid[], $9::text[],
                  $10::text[], $11::text[], $12::text[], $13::timestamptz[], $14::timestamptz[], $15::bigint[], $16::bigint[],
                  $17::text[], $18::text[])
)sql";

}  // namespace

JobView JobViewAt(const Rows& rows, int row) {
  JobView job;
  int column = 0;
  job.project_id = rows.Id<ProjectId>(row, column++);
  job.job_id = rows.Id<JobId>(row, column++);
  job.task_index = static_cast<int32_t>(rows.Int(row, column++));
  job.number = rows.Int(row, column++);
  job.name = rows.Text(row, column++);
  job.class_id = rows.UuidAt(row, column++);
  job.priority = rows.Int(row, column++);
  const std::optional<JobState> state = ParseJobState(rows.Text(row, column++));
  CHECK(state.has_value());
  job.state = *state;
  job.reason = rows.Text(row, column++);
  job.version = rows.Int(row, column++);
  job.created_at = rows.Time(row, column++);
  job.started_at = rows.OptionalTime(row, column++);
  job.ended_at = rows.OptionalTime(row, column++);
  job.attempt_id = rows.OptionalId<AttemptId>(row, column++);
  job.site_id = rows.OptionalId<SiteId>(row, column++);
  job.site_name = rows.Text(row, column++);
  job.share = rows.Text(row, column++);
  job.local_job_id = rows.Text(row, column++);
  job.site_state = rows.Text(row, column++);
  job.exit_code = rows.OptionalInt(row, column++);
  job.exit_signal = rows.Int(row, column++);
  job.cause = ParseEndCause(rows.Text(row, column++)).value_or(EndCause::kUnknown);
  job.fault = ParseFaultClass(rows.Text(row, column++)).value_or(FaultClass::kNone);
  job.attempt_count = rows.Int(row, column++);
  job.cancel_requested = rows.Bool(row, column++);
  job.time_limit_seconds = rows.Int(row, column++);
  job.money.unit = rows.Text(row, column++);
  job.money.reserved_micros = rows.Int(row, column++);
  job.money.charged_micros = rows.Int(row, column++);
  job.money.released_micros = rows.Int(row, column++);
  job.money.provisional = rows.Bool(row, column++);
  job.money.settled = rows.Bool(row, column++);
  CHECK(column == kJobStatusColumns);
  return job;
}

Status CheckYoungest(const Rows& locked, int column) {
  for (int row = 0; row < locked.size(); ++row) {
    if (locked.Bool(row, column)) {
      constexpr char kSerializationFailure[] = "40001";
      return StatusOf(ServerMessage{.severity = "ERROR",
                                    .sqlstate = kSerializationFailure,
                                    .text = "a younger transaction changed the job meanwhile",
                                    .constraint = {},
                                    .source_function = {}});
    }
  }
  return OkStatus();
}

void WriteEvents(Transaction& tx, const std::vector<NewEvent>& events) {
  if (events.empty()) {
    return;
  }
  std::vector<ProjectId> projects;
  std::vector<JobId> jobs;
  std::vector<int64_t> tasks, versions;
  std::vector<std::string_view> kinds, states;
  std::vector<std::optional<AttemptId>> attempts;
  std::vector<std::optional<SiteId>> sites;
  std::vector<std::string> bodies;
  for (const NewEvent& event : events) {
    projects.push_back(event.job.project_id);
    jobs.push_back(event.job.job_id);
    tasks.push_back(event.job.task_index);
    versions.push_back(event.job.version);
    kinds.push_back(event.kind);
    states.push_back(JobStateName(event.job.state));
    attempts.push_back(event.job.attempt_id);
    sites.push_back(event.job.site_id);
    bodies.push_back(EncodeJobView(event.job));
  }
  Params params;
  params.IdArray(projects).IdArray(jobs).IntArray(tasks).IntArray(versions).TextArray(kinds).TextArray(states);
  params.OptionalIdArray(attempts).OptionalIdArray(sites).BytesArray(bodies);
  tx.Defer(kInsertEvents, std::move(params));
}

Status WriteJobEnds(Transaction& tx, const std::vector<JobView>& ended) {
  if (ended.empty()) {
    return OkStatus();
  }
  std::vector<ProjectId> projects;
  std::vector<JobId> jobs;
  std::vector<int64_t> tasks, versions, counts, signals;
  std::vector<std::optional<int64_t>> exit_codes;
  std::vector<std::string_view> states, causes, faults;
  std::vector<std::optional<AttemptId>> attempts;
  std::vector<std::optional<SiteId>> sites;
  std::vector<std::string> shares, local_ids, site_states, reasons;
  std::vector<std::optional<Timestamp>> starts;
  std::vector<Timestamp> ends;
  for (const JobView& job : ended) {
    projects.push_back(job.project_id);
    jobs.push_back(job.job_id);
    tasks.push_back(job.task_index);
    states.push_back(JobStateName(job.state));
    versions.push_back(job.version);
    counts.push_back(job.attempt_count);
    attempts.push_back(job.attempt_id);
    sites.push_back(job.site_id);
    shares.push_back(job.share);
    local_ids.push_back(job.local_job_id);
    site_states.push_back(job.site_state);
    reasons.push_back(job.reason);
    starts.push_back(job.started_at);
    ends.push_back(job.ended_at.value_or(tx.now()));
    exit_codes.push_back(job.exit_code);
    signals.push_back(job.exit_signal);
    causes.push_back(EndCauseName(job.cause));
    faults.push_back(FaultClassName(job.fault));
  }
  const Params keys = std::move(Params().IdArray(jobs).IntArray(tasks));
  Params params;
  params.IdArray(projects).IdArray(jobs).IntArray(tasks).TextArray(states).IntArray(versions).IntArray(counts);
  params.OptionalIdArray(attempts).OptionalIdArray(sites).TextArray(shares).TextArray(local_ids).TextArray(site_states);
  params.TextArray(reasons).OptionalTimeArray(starts).TimeArray(ends).OptionalIntArray(exit_codes).IntArray(signals);
  params.TextArray(causes).TextArray(faults);
  const Statement statements[] = {{kDeleteLive, &keys}, {kInsertEnds, &params}};
  return tx.ExecuteAll(statements).status();
}

}  // namespace turnpike
