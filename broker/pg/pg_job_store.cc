#include "broker/pg/pg_job_store.h"

#include <algorithm>

#include "base/error_reason.h"
#include "base/failpoint.h"
#include "broker/core/step.h"
#include "broker/pg/attempt_rows.h"
#include "broker/pg/job_rows.h"
#include "broker/pg/submit_writer.h"

namespace turnpike {
namespace {

// $1 project, $2 job.
constexpr char kGetStatus[] = "SELECT" TURNPIKE_JOB_STATUS_COLUMNS R"sql(
      FROM job_status
     WHERE project_id = $1
       AND job_id = $2
     ORDER BY task_index
     LIMIT 1
)sql";
constexpr char kGetSpec[] = R"sql(
    SELECT j.spec, coalesce(p.bytes, '')
      FROM job AS j
      LEFT JOIN payload AS p
        ON p.project_id = j.project_id
       AND p.sha256 = j.payload_sha256
     WHERE j.project_id = $1
       AND j.job_id = $2
)sql";

// $1 project, $2 number.
constexpr char kFindByNumber[] = R"sql(
    SELECT job_id
      FROM job
     WHERE number = $2
       AND project_id = $1
)sql";

// The page's jobs first, in the order of the key of `job`, then each by its id, which OFFSET 0 keeps so: of the view,
// which is a union, all jobs of the project would be joined and sorted for each page.
#define TURNPIKE_STATUS_OF_PAGE                                                                                 \
  ") AS page CROSS JOIN LATERAL (SELECT * FROM job_status WHERE project_id = $1 AND job_id = page_id OFFSET 0)" \
  " AS found ORDER BY job_id DESC LIMIT $4"
// $1 project, $2 before this id or NULL, $3 jobs or empty, $4 how many.
constexpr char kList[] = "SELECT" TURNPIKE_JOB_STATUS_COLUMNS R"sql(
      FROM (SELECT j.job_id AS page_id
              FROM job AS j
             WHERE j.project_id = $1
               AND ($2::uuid IS NULL OR j.job_id < $2)
               AND (cardinality($3::uuid[]) = 0 OR j.job_id = ANY($3))
             ORDER BY j.job_id DESC
             LIMIT $4)sql" TURNPIKE_STATUS_OF_PAGE;
// As kList, of some states only.  The live jobs are few; ended ones are not read where no state of theirs is asked for.
// $5 live states, $6 states of ended jobs.
constexpr char kListStates[] = "SELECT" TURNPIKE_JOB_STATUS_COLUMNS R"sql(
      FROM ((SELECT s.job_id AS page_id
               FROM job_state AS s
              WHERE s.project_id = $1
                AND s.state = ANY($5)
                AND ($2::uuid IS NULL OR s.job_id < $2)
                AND (cardinality($3::uuid[]) = 0 OR s.job_id = ANY($3))
              ORDER BY s.job_id DESC
              LIMIT $4)
              UNION
            (SELECT j.job_id
               FROM job AS j
               JOIN job_end AS e
                 ON e.job_id = j.job_id
              WHERE j.project_id = $1
                AND cardinality($6::text[]) > 0
                AND e.state = ANY($6)
                AND ($2::uuid IS NULL OR j.job_id < $2)
                AND (cardinality($3::uuid[]) = 0 OR j.job_id = ANY($3))
              ORDER BY j.job_id DESC
              LIMIT $4))sql" TURNPIKE_STATUS_OF_PAGE;

// $1 job.
constexpr char kLockJob[] = "SELECT" TURNPIKE_CHANGED_BY_YOUNGER R"sql(
      FROM job_state AS s
     WHERE s.job_id = $1
       FOR UPDATE
)sql";

Status NoSuchJob(std::string_view name) {
  return WithReason(NotFound("there is no job {} in your project", name), ErrorReason::kNotFound,
                    {{"job", std::string(name)}});
}

Result<JobView> ReadStatus(Transaction& tx, ProjectId project_id, JobId job_id) {
  ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kGetStatus, Params().Id(project_id).Id(job_id)));
  if (rows.empty()) {
    return NoSuchJob(job_id.ToString());
  }
  return JobViewAt(rows, 0);
}

Status AlreadyOver(const JobView& job) {
  return WithReason(FailedPrecondition("job {} has ended already: {}", job.number, JobStateName(job.state)),
                    ErrorReason::kIllegalTransition, {{"state", std::string(JobStateName(job.state))}});
}

// Nobody has begun it: it is over at once, and all its money goes back.
Status CancelAtOnce(Transaction& tx, LedgerWriter& ledger, const LockedHold& hold,
                    std::optional<AttemptStanding> offered, JobView& job) {
  if (offered) {
    RETURN_IF_ERROR(Step(*offered, AttemptEvent::kWithdrawn));
    ++offered->fence;
    offered->detail = "cancelled before a claim";
    RETURN_IF_ERROR(WriteAttemptEnds(tx, {{.standing = *offered,
                                           .site_id = *job.site_id,
                                           .share = job.share,
                                           .charge = ChargeState::kNone,
                                           .charge_due_at = {}}}));
  }
  RETURN_IF_ERROR(Step(job, JobEvent::kCancelled));
  job.cause = EndCause::kCancelledByUser;
  job.ended_at = tx.now();
  job.reason.clear();
  job.money.released_micros += hold.open_micros();
  job.money.settled = true;
  ++job.version;
  RETURN_IF_ERROR(
      ledger.Settle({{.job_id = job.job_id, .charge_micros = 0, .release_micros = hold.open_micros()}}, {}));
  RETURN_IF_ERROR(WriteJobEnds(tx, {job}));
  WriteEvents(tx, {{JobEventName(JobEvent::kCancelled), job}});
  return OkStatus();
}

// A site has it: the wish is stored, and the site is told.
Status RequestCancel(Transaction& tx, AttemptStanding standing, JobView& job) {
  standing.cancel_wanted = true;
  standing.job.cancel_requested = true;
  ++standing.job.version;
  job = standing.job;
  RETURN_IF_ERROR(UpdateJobs(tx, {standing}));
  RETURN_IF_ERROR(UpdateAttempts(tx, {standing}));
  WriteEvents(tx, {{kEventCancelRequested, job}});
  return OkStatus();
}

Status CancelLive(Transaction& tx, IdSource& ids, JobView& job) {
  LedgerWriter ledger(tx, ids);
  RETURN_IF_ERROR(ledger.LockAccounts({job.project_id}).status());
  ASSIGN_OR_RETURN(const auto holds, ledger.LockHolds({job.job_id}));
  ASSIGN_OR_RETURN(const Rows locked, tx.Execute(kLockJob, Params().Id(job.job_id)));
  RETURN_IF_ERROR(CheckYoungest(locked, 0));
  ASSIGN_OR_RETURN(job, ReadStatus(tx, job.project_id, job.job_id));
  if (locked.empty() || job.cancel_requested) {
    return OkStatus();
  }
  std::vector<AttemptStanding> standings;
  if (job.attempt_id) {
    ASSIGN_OR_RETURN(standings, LockStandings(tx, {*job.attempt_id}));
  }
  if (!standings.empty() && standings.front().state != AttemptState::kOffered) {
    return RequestCancel(tx, std::move(standings.front()), job);
  }
  const std::optional<AttemptStanding> offered =
      standings.empty() ? std::nullopt : std::optional(std::move(standings.front()));
  return CancelAtOnce(tx, ledger, holds.at(job.job_id), offered, job);
}

std::vector<ProjectId> ProjectsOf(const std::vector<SubmitCall>& calls) {
  std::vector<ProjectId> projects;
  for (const SubmitCall& call : calls) {
    projects.push_back(call.key.project_id);
  }
  std::ranges::sort(projects);
  projects.erase(std::ranges::unique(projects).begin(), projects.end());
  return projects;
}

}  // namespace

Result<std::vector<SubmitVerdict>> PgJobStore::Submit(const std::vector<SubmitCall>& calls) {
  std::vector<SubmitVerdict> verdicts;
  const TransactionSettings settings{.projects = ProjectsOf(calls), .site = {}};
  const Status stored = transactions_.Run(settings, [&](Transaction& tx) -> Status {
    SubmitWriter writer(tx, ids_, calls);
    ASSIGN_OR_RETURN(verdicts, writer.Run());
    TURNPIKE_FAILPOINT("submit.pre_commit");
    return OkStatus();
  });
  if (!TURNPIKE_RULE_IS_BROKEN("submit.answer_after_commit")) {
    RETURN_IF_ERROR(stored);
  }
  TURNPIKE_FAILPOINT("submit.post_commit");
  if (TURNPIKE_RULE_IS_BROKEN("submit.unknown_is_no_failure")) {
    return FailedPrecondition("the answer to the commit was lost, and taken for a failure");
  }
  return verdicts;
}

Result<StoredJob> PgJobStore::Get(ProjectId project_id, JobId job_id) {
  StoredJob stored;
  const TransactionSettings settings{.projects = {project_id}, .site = {}, .read_only = true};
  RETURN_IF_ERROR(transactions_.Run(settings, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(stored.view, ReadStatus(tx, project_id, job_id));
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kGetSpec, Params().Id(project_id).Id(job_id)));
    stored.spec = rows.Bytes(0, 0);
    stored.script = rows.Bytes(0, 1);
    return OkStatus();
  }));
  return stored;
}

Result<JobId> PgJobStore::FindByNumber(ProjectId project_id, int64_t number) {
  JobId job_id;
  const TransactionSettings settings{.projects = {project_id}, .site = {}, .read_only = true};
  RETURN_IF_ERROR(transactions_.Run(settings, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kFindByNumber, Params().Id(project_id).Int(number)));
    if (rows.empty()) {
      return NoSuchJob(std::to_string(number));
    }
    job_id = rows.Id<JobId>(0, 0);
    return OkStatus();
  }));
  return job_id;
}

Result<std::vector<JobView>> PgJobStore::List(const JobListRequest& request) {
  std::vector<std::string_view> live, ended;
  for (const JobState state : request.states) {
    (IsFinal(state) ? ended : live).push_back(JobStateName(state));
  }
  std::vector<JobView> jobs;
  const TransactionSettings settings{.projects = {request.project_id}, .site = {}, .read_only = true};
  RETURN_IF_ERROR(transactions_.Run(settings, [&](Transaction& tx) -> Status {
    Params params;
    params.Id(request.project_id).OptionalId(request.before).IdArray(request.only);
    params.Int(static_cast<int64_t>(request.limit));
    if (!request.states.empty()) {
      params.TextArray(live).TextArray(ended);
    }
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(request.states.empty() ? kList : kListStates, params));
    jobs.clear();
    for (int row = 0; row < rows.size(); ++row) {
      jobs.push_back(JobViewAt(rows, row));
    }
    return OkStatus();
  }));
  return jobs;
}

Result<JobView> PgJobStore::Cancel(const RequestKey& key, JobId job_id) {
  JobView job;
  const TransactionSettings settings{.projects = {key.project_id}, .site = {}};
  RETURN_IF_ERROR(transactions_.Run(settings, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const ClaimedKey claim, ClaimRequestKey(tx, key));
    RETURN_IF_ERROR(claim.status);
    ASSIGN_OR_RETURN(job, ReadStatus(tx, key.project_id, job_id));
    if (claim.repeated || job.state == JobState::kCancelled) {
      return OkStatus();
    }
    if (IsFinal(job.state)) {
      return AlreadyOver(job);
    }
    return CancelLive(tx, ids_, job);
  }));
  return job;
}

}  // namespace turnpike
