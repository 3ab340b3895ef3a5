#include "broker/pg/attempt_rows.h"

#include <algorithm>

#include "base/check.h"
#include "broker/pg/job_rows.h"

namespace turnpike {
namespace {

// $1 attempts.  By the job's id: the one lock order.  A job's row stands for its attempt, too: whoever changes one has
// the other locked.
constexpr char kLockJobs[] = "SELECT" TURNPIKE_CHANGED_BY_YOUNGER R"sql(
      FROM job_state AS s
     WHERE s.job_id IN (SELECT a.job_id FROM attempt AS a WHERE a.attempt_id = ANY($1))
     ORDER BY s.job_id, s.task_index
       FOR UPDATE
)sql";
constexpr char kStandings[] = "SELECT" TURNPIKE_JOB_STATUS_COLUMNS R"sql(
           , start_count, attempts_max, rerun_safe, a_state, a_fence, a_price_version, a_cancel_wanted, coalesce(a_offered_at, created_at),
           a_cluster, a_submitted_at, a_started_at, a_nodes, a_cores, a_accelerators, a_memory
      FROM live_job_status
      JOIN (SELECT job_id AS a_job, task_index AS a_task, state AS a_state, fence AS a_fence, price_version AS a_price_version,
                   cancel_wanted AS a_cancel_wanted, offered_at AS a_offered_at, cluster AS a_cluster, submitted_at AS a_submitted_at,
                   started_at AS a_started_at, nodes AS a_nodes, cores AS a_cores, accelerators AS a_accelerators, memory_mib AS a_memory
              FROM attempt
             WHERE attempt_id = ANY($1)) AS a
        ON a_job = job_id
       AND a_task = task_index
     ORDER BY job_id, task_index
)sql";

// $1 attempts.
constexpr char kFindOwners[] = R"sql(
    SELECT attempt_id, project_id, job_id, ''
      FROM attempt
     WHERE attempt_id = ANY($1)
     UNION ALL
    SELECT attempt_id, project_id, job_id, state
      FROM attempt_end
     WHERE attempt_id = ANY($1)
     ORDER BY 1
)sql";

// $1 attempts, $2 states, $3 fences, $4 cancel wanted, $5 clusters, $6 local ids, $7 submitted, $8 started.
constexpr char kUpdateAttempts[] = R"sql(
    UPDATE attempt AS a
       SET state = new.state,
           fence = new.fence,
           cancel_wanted = new.cancel_wanted,
           cluster = new.cluster,
           local_job_id = new.local_job_id,
           submitted_at = new.submitted_at,
           started_at = new.started_at
      FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::boolean[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[])
        AS new(attempt_id, state, fence, cancel_wanted, cluster, local_job_id, submitted_at, started_at)
     WHERE a.attempt_id = new.attempt_id
)sql";

// $1 jobs, $2 tasks, $3 states, $4 versions, $5 attempts, $6 sites, $7 shares, $8 local ids, $9 site states, $10
// reasons, $11 cancel requested, $12 started, $13 start counts, $14 classes.
constexpr char kUpdateJobs[] = R"sql(
    UPDATE job_state AS s
       SET state = new.state,
           version = new.version,
           attempt_id = new.attempt_id,
           site_id = new.site_id,
           share = new.share,
           local_job_id = new.local_job_id,
           site_state = new.site_state,
           reason = new.reason,
           cancel_requested = new.cancel_requested,
           started_at = new.started_at,
           start_count = new.start_count,
           class_id = new.class_id
      FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[],
                  $10::text[], $11::boolean[], $12::timestamptz[], $13::bigint[], $14::uuid[])
        AS new(job_id, task_index, state, version, attempt_id, site_id, share, local_job_id, site_state, reason, cancel_requested,
               started_at, start_count, class_id)
     WHERE s.job_id = new.job_id
       AND s.task_index = new.task_index
)sql";

// $1 attempts.
constexpr char kDeleteLive[] = R"sql(
    DELETE FROM attempt
     WHERE attempt_id = ANY($1)
)sql";

// $1 attempts, $2 jobs, $3 tasks, $4 projects, $5 sites, $6 shares, $7 price versions, $8 fences, $9 states, $10
// clusters, $11 local ids, $12 starts, $13 ends, $14 details, $15 charge states, $16 when charges are due, $17 to $20
// amounts, $21 when they were offered.
constexpr char kInsertEnds[] = R"sql(
    INSERT INTO attempt_end (attempt_id, job_id, task_index, project_id, site_id, share, price_version, fence, state, cluster, local_job_id,
                             started_at, ended_at, detail, charge_state, charge_due_at, nodes, cores, accelerators, memory_mib, offered_at)
    SELECT *
      FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::uuid[], $6::text[], $7::bigint[], $8::bigint[], $9::text[],
                  $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[], $14::text[], $15::text[], $16::timestamptz[],
                  $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::timestamptz[])
)sql";

AttemptStanding StandingAt(const Rows& rows, int row) {
  AttemptStanding standing;
  standing.job = JobViewAt(rows, row);
  int column = kJobStatusColumns;
  standing.start_count = rows.Int(row, column++);
  standing.attempts_max = rows.Int(row, column++);
  standing.rerun_safe = rows.Bool(row, column++);
  const std::optional<AttemptState> state = ParseAttemptState(rows.Text(row, column++));
  CHECK(state.has_value() && standing.job.attempt_id.has_value());
  standing.state = *state;
  standing.attempt_id = *standing.job.attempt_id;
  standing.fence = rows.Int(row, column++);
  standing.price_version = rows.Int(row, column++);
  standing.cancel_wanted = rows.Bool(row, column++);
  standing.offered_at = rows.Time(row, column++);
  standing.cluster = rows.Text(row, column++);
  standing.local_job_id = standing.job.local_job_id;
  standing.submitted_at = rows.OptionalTime(row, column++);
  standing.started_at = rows.OptionalTime(row, column++);
  standing.amounts.nodes = rows.Int(row, column++);
  standing.amounts.cores = rows.Int(row, column++);
  standing.amounts.accelerators = rows.Int(row, column++);
  standing.amounts.memory_mib = rows.Int(row, column++);
  return standing;
}

}  // namespace

std::string_view ChargeStateName(ChargeState state) {
  constexpr std::string_view kNames[] = {"NONE", "PENDING", "PROVISIONAL", "FINAL"};
  return kNames[static_cast<size_t>(state)];
}

Result<std::vector<AttemptStanding>> LockStandings(Transaction& tx, std::vector<AttemptId> attempts) {
  std::ranges::sort(attempts);
  const auto repeats = std::ranges::unique(attempts);
  attempts.erase(repeats.begin(), repeats.end());
  const Params params = std::move(Params().IdArray(attempts));
  const Statement statements[] = {{kLockJobs, &params}, {kStandings, &params}};
  ASSIGN_OR_RETURN(const std::vector<Rows> results, tx.ExecuteAll(statements));
  RETURN_IF_ERROR(CheckYoungest(results[0], 0));
  std::vector<AttemptStanding> standings;
  for (int row = 0; row < results[1].size(); ++row) {
    standings.push_back(StandingAt(results[1], row));
  }
  return standings;
}

Result<std::vector<AttemptOwner>> FindOwners(Transaction& tx, const std::vector<AttemptId>& attempts) {
  ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kFindOwners, Params().IdArray(attempts)));
  std::vector<AttemptOwner> owners;
  for (int row = 0; row < rows.size(); ++row) {
    owners.push_back({.attempt_id = rows.Id<AttemptId>(row, 0),
                      .project_id = rows.Id<ProjectId>(row, 1),
                      .job_id = rows.Id<JobId>(row, 2),
                      .ended = ParseAttemptState(rows.Text(row, 3))});
  }
  return owners;
}

Status UpdateAttempts(Transaction& tx, const std::vector<AttemptStanding>& standings) {
  if (standings.empty()) {
    return OkStatus();
  }
  std::vector<AttemptId> attempts;
  std::vector<std::string_view> states, clusters, local_ids;
  std::vector<int64_t> fences;
  std::vector<bool> cancel_wanted;
  std::vector<std::optional<Timestamp>> submitted, started;
  for (const AttemptStanding& standing : standings) {
    attempts.push_back(standing.attempt_id);
    states.push_back(AttemptStateName(standing.state));
    fences.push_back(standing.fence);
    cancel_wanted.push_back(standing.cancel_wanted);
    clusters.push_back(standing.cluster);
    local_ids.push_back(standing.local_job_id);
    submitted.push_back(standing.submitted_at);
    started.push_back(standing.started_at);
  }
  Params params;
  params.IdArray(attempts).TextArray(states).IntArray(fences).BoolArray(cancel_wanted).TextArray(clusters);
  params.TextArray(local_ids).OptionalTimeArray(submitted).OptionalTimeArray(started);
  return tx.Execute(kUpdateAttempts, params).status();
}

Status UpdateJobs(Transaction& tx, const std::vector<AttemptStanding>& standings) {
  if (standings.empty()) {
    return OkStatus();
  }
  std::vector<JobId> jobs;
  std::vector<int64_t> tasks, versions, start_counts;
  std::vector<std::string_view> states, shares, local_ids, site_states, reasons;
  std::vector<std::optional<AttemptId>> attempts;
  std::vector<std::optional<SiteId>> sites;
  std::vector<bool> cancel_requested;
  std::vector<std::optional<Timestamp>> started;
  std::vector<Uuid> classes;
  for (const AttemptStanding& standing : standings) {
    const JobView& job = standing.job;
    jobs.push_back(job.job_id);
    tasks.push_back(job.task_index);
    states.push_back(JobStateName(job.state));
    versions.push_back(job.version);
    attempts.push_back(job.attempt_id);
    sites.push_back(job.site_id);
    shares.push_back(job.share);
    local_ids.push_back(job.local_job_id);
    site_states.push_back(job.site_state);
    reasons.push_back(job.reason);
    cancel_requested.push_back(job.cancel_requested);
    started.push_back(job.started_at);
    start_counts.push_back(standing.start_count);
    classes.push_back(job.class_id);
  }
  Params params;
  params.IdArray(jobs).IntArray(tasks).TextArray(states).IntArray(versions).OptionalIdArray(attempts).OptionalIdArray(
      sites);
  params.TextArray(shares).TextArray(local_ids).TextArray(site_states).TextArray(reasons).BoolArray(cancel_requested);
  params.OptionalTimeArray(started).IntArray(start_counts).IdArray(classes);
  return tx.Execute(kUpdateJobs, params).status();
}

Status WriteAttemptEnds(Transaction& tx, const std::vector<EndedAttempt>& ended) {
  if (ended.empty()) {
    return OkStatus();
  }
  std::vector<AttemptId> attempts;
  std::vector<JobId> jobs;
  std::vector<int64_t> tasks, price_versions, fences, nodes, cores, accelerators, memory;
  std::vector<ProjectId> projects;
  std::vector<SiteId> sites;
  std::vector<std::string_view> shares, states, clusters, local_ids, details, charges;
  std::vector<std::optional<Timestamp>> starts, due;
  std::vector<Timestamp> ends, offered;
  for (const EndedAttempt& end : ended) {
    attempts.push_back(end.standing.attempt_id);
    jobs.push_back(end.standing.job.job_id);
    tasks.push_back(end.standing.job.task_index);
    projects.push_back(end.standing.job.project_id);
    sites.push_back(end.site_id);
    shares.push_back(end.share);
    price_versions.push_back(end.standing.price_version);
    fences.push_back(end.standing.fence);
    states.push_back(AttemptStateName(end.standing.state));
    clusters.push_back(end.standing.cluster);
    local_ids.push_back(end.standing.local_job_id);
    starts.push_back(end.standing.started_at);
    ends.push_back(end.standing.ended_at.value_or(tx.now()));
    details.push_back(end.standing.detail);
    charges.push_back(ChargeStateName(end.charge));
    due.push_back(end.charge_due_at);
    nodes.push_back(end.standing.amounts.nodes);
    cores.push_back(end.standing.amounts.cores);
    accelerators.push_back(end.standing.amounts.accelerators);
    memory.push_back(end.standing.amounts.memory_mib);
    offered.push_back(end.standing.offered_at);
  }
  const Params keys = std::move(Params().IdArray(attempts));
  Params params;
  params.IdArray(attempts).IdArray(jobs).IntArray(tasks).IdArray(projects).IdArray(sites).TextArray(shares);
  params.IntArray(price_versions).IntArray(fences).TextArray(states).TextArray(clusters).TextArray(local_ids);
  params.OptionalTimeArray(starts).TimeArray(ends).TextArray(details).TextArray(charges).OptionalTimeArray(due);
  params.IntArray(nodes).IntArray(cores).IntArray(accelerators).IntArray(memory).TimeArray(offered);
  const Statement statements[] = {{kDeleteLive, &keys}, {kInsertEnds, &params}};
  return tx.ExecuteAll(statements).status();
}

}  // namespace turnpike
