#include "broker/pg/pg_placement_store.h"

#include <algorithm>
#include <map>

#include "base/failpoint.h"
#include "base/log.h"
#include "billing/pg/ledger_writer.h"
#include "broker/core/step.h"
#include "broker/pg/attempt_rows.h"
#include "broker/pg/job_rows.h"
#include "broker/pg/log_rows.h"
#include "broker/pg/old_rows.h"
#include "broker/pg/pg_placement_lease.h"
#include "broker/pg/round_rows.h"

namespace turnpike {
namespace {

// Marks the planned jobs as placed; one that changed since the plan is left out.  The count of attempts stops where its
// column ends: one job that was offered so often must not fail the whole plan.
// $1 jobs, $2 tasks, $3 versions, $4 attempts, $5 sites, $6 shares, in the order of jobs, $7 state after, $8 before.
constexpr char kMarkPlaced[] = R"sql(
    UPDATE job_state AS s
       SET state = $7,
           version = s.version + 1,
           attempt_count = least(s.attempt_count + 1, 32767),
           attempt_id = plan.attempt_id,
           site_id = plan.site_id,
           share = plan.share,
           reason = ''
      FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::uuid[], $5::uuid[], $6::text[])
        AS plan(job_id, task_index, version, attempt_id, site_id, share)
     WHERE s.job_id = plan.job_id
       AND s.task_index = plan.task_index
       AND s.version = plan.version
       AND s.state = $8
       AND NOT s.cancel_requested
 RETURNING s.job_id, s.attempt_id
)sql";

// In id order, so that two writers never wait for each other in a circle.  $1 jobs.
constexpr char kLockJobs[] = R"sql(
    SELECT job_id
      FROM job_state
     WHERE job_id = ANY($1)
     ORDER BY job_id, task_index
       FOR UPDATE
)sql";

// $1 attempts, $2 jobs, $3 tasks, $4 sites, $5 shares, $6 price versions, $7 to $10 amounts, $11 time limits, $12
// seconds until the offer ends.
constexpr char kInsertAttempts[] = R"sql(
    INSERT INTO attempt (attempt_id, job_id, task_index, project_id, site_id, share, price_version, nodes, cores, accelerators, memory_mib,
                         time_limit_seconds, fence, state, offer_expires_at)
    SELECT new.attempt_id, new.job_id, new.task_index, s.project_id, new.site_id, new.share, new.price_version, new.nodes, new.cores,
           new.accelerators, new.memory_mib, new.time_limit, 1, 'OFFERED', now() + make_interval(secs => $12)
      FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
                  $9::bigint[], $10::bigint[], $11::bigint[])
        AS new(attempt_id, job_id, task_index, site_id, share, price_version, nodes, cores, accelerators, memory_mib, time_limit)
      JOIN job_state AS s
        ON s.job_id = new.job_id
       AND s.task_index = new.task_index
     ORDER BY new.attempt_id
)sql";

// $1 jobs.
constexpr char kStatusOf[] = "SELECT" TURNPIKE_JOB_STATUS_COLUMNS R"sql(
      FROM live_job_status
     WHERE job_id = ANY($1)
     ORDER BY job_id, task_index
)sql";

// $1 how many.
constexpr char kExpiredOffers[] = R"sql(
    SELECT attempt_id
      FROM attempt
     WHERE state = 'OFFERED'
       AND offer_expires_at < now()
     ORDER BY attempt_id
     LIMIT $1
)sql";
// $1 attempts: those whose offer really is over, now that they are locked.
constexpr char kStillExpired[] = R"sql(
    SELECT attempt_id, site_id, share
      FROM attempt
     WHERE attempt_id = ANY($1)
       AND state = 'OFFERED'
       AND offer_expires_at < now()
     ORDER BY attempt_id
)sql";

constexpr char kDropLapsedPauses[] = R"sql(
    DELETE FROM share_pause
     WHERE paused_until < now() - interval '1 day'
)sql";
// Ten halvings of the longest half-life that the broker takes.
constexpr char kDropFadedUsage[] = R"sql(
    DELETE FROM project_usage
     WHERE day < now() - interval '3650 days'
)sql";
// Those that were not made, and why.
constexpr char kMakePartitions[] = R"sql(
    SELECT make_partitions(3)
)sql";

std::vector<JobId> JobsOf(const std::vector<PlannedAttempt>& plan) {
  std::vector<JobId> jobs;
  for (const PlannedAttempt& line : plan) {
    jobs.push_back(line.job_id);
  }
  return jobs;
}

// The lines whose jobs were as planned, marked.
Result<std::vector<PlannedAttempt>> MarkPlaced(Transaction& tx, const std::vector<PlannedAttempt>& plan) {
  std::vector<int64_t> tasks, versions;
  std::vector<AttemptId> attempts;
  std::vector<SiteId> sites;
  std::vector<std::string_view> shares;
  for (const PlannedAttempt& line : plan) {
    tasks.push_back(line.task_index);
    versions.push_back(line.version);
    attempts.push_back(line.attempt_id);
    sites.push_back(line.site_id);
    shares.push_back(line.share);
  }
  constexpr JobState kWaiting = JobState::kPending;
  JobState taken = kWaiting;
  RETURN_IF_ERROR(Step(taken, JobEvent::kPlaced));
  const std::vector<JobId> jobs = JobsOf(plan);
  const Params lock = std::move(Params().IdArray(jobs));
  Params mark;
  mark.IdArray(jobs).IntArray(tasks).IntArray(versions).IdArray(attempts).IdArray(sites).TextArray(shares);
  mark.Text(JobStateName(taken)).Text(JobStateName(kWaiting));
  const Statement statements[] = {{kLockJobs, &lock}, {kMarkPlaced, &mark}};
  ASSIGN_OR_RETURN(const std::vector<Rows> results, tx.ExecuteAll(statements));
  std::map<AttemptId, const PlannedAttempt*> by_attempt;
  for (const PlannedAttempt& line : plan) {
    by_attempt[line.attempt_id] = &line;
  }
  std::vector<PlannedAttempt> placed;
  for (int row = 0; row < results[1].size(); ++row) {
    placed.push_back(*by_attempt.at(results[1].Id<AttemptId>(row, 1)));
  }
  return placed;
}

Status InsertAttempts(Transaction& tx, const std::vector<PlannedAttempt>& placed, std::chrono::seconds lifetime) {
  std::vector<AttemptId> attempts;
  std::vector<int64_t> tasks, versions, nodes, cores, accelerators, memory, limits;
  std::vector<SiteId> sites;
  std::vector<std::string_view> shares;
  for (const PlannedAttempt& line : placed) {
    attempts.push_back(line.attempt_id);
    tasks.push_back(line.task_index);
    sites.push_back(line.site_id);
    shares.push_back(line.share);
    versions.push_back(line.price_version);
    nodes.push_back(line.amounts.nodes);
    cores.push_back(line.amounts.cores);
    accelerators.push_back(line.amounts.accelerators);
    memory.push_back(line.amounts.memory_mib);
    limits.push_back(line.time_limit_seconds);
  }
  Params params;
  params.IdArray(attempts).IdArray(JobsOf(placed)).IntArray(tasks).IdArray(sites).TextArray(shares).IntArray(versions);
  params.IntArray(nodes).IntArray(cores).IntArray(accelerators).IntArray(memory).IntArray(limits).Int(lifetime.count());
  return tx.Execute(kInsertAttempts, params).status();
}

Result<std::vector<JobView>> ReadStatuses(Transaction& tx, const std::vector<JobId>& jobs) {
  ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kStatusOf, Params().IdArray(jobs)));
  std::vector<JobView> views;
  for (int row = 0; row < rows.size(); ++row) {
    views.push_back(JobViewAt(rows, row));
  }
  return views;
}

Status WriteAll(Transaction& tx, JobEvent event, const std::vector<JobView>& jobs) {
  std::vector<NewEvent> events;
  for (const JobView& job : jobs) {
    events.push_back({JobEventName(event), job});
  }
  WriteEvents(tx, events);
  return OkStatus();
}

Status MakePartitions(Transaction& tx) {
  ASSIGN_OR_RETURN(const Rows missing, tx.Execute(kMakePartitions));
  for (int row = 0; row < missing.size(); ++row) {
    LogWarn("a partition could not be made, and its rows go to the default one until it can",
            {{"partition", std::string(missing.Text(row, 0))}});
  }
  return OkStatus();
}

}  // namespace

Status PgPlacementStore::RunAsHolder(const std::function<Status(Transaction&)>& body) {
  return transactions_.Run({.projects = {}, .site = {}}, [&](Transaction& tx) -> Status {
    RETURN_IF_ERROR(HoldPlacement(tx));
    return body(tx);
  });
}

Result<size_t> PgPlacementStore::CommitPlan(const std::vector<PlannedAttempt>& plan,
                                            std::chrono::seconds offer_lifetime, const RoundRecord* record) {
  size_t count = 0;
  RETURN_IF_ERROR(RunAsHolder([&](Transaction& tx) -> Status {
    if (record != nullptr) {
      RETURN_IF_ERROR(WriteRound(tx, *record));
    }
    ASSIGN_OR_RETURN(const std::vector<PlannedAttempt> placed, MarkPlaced(tx, plan));
    count = placed.size();
    if (placed.empty()) {
      return OkStatus();
    }
    RETURN_IF_ERROR(InsertAttempts(tx, placed, offer_lifetime));
    ASSIGN_OR_RETURN(const std::vector<JobView> views, ReadStatuses(tx, JobsOf(placed)));
    RETURN_IF_ERROR(WriteAll(tx, JobEvent::kPlaced, views));
    TURNPIKE_FAILPOINT("offer.pre_commit");
    return OkStatus();
  }));
  TURNPIKE_FAILPOINT("offer.post_commit");
  return count;
}

Status PgPlacementStore::RecordRound(const RoundRecord& record) {
  return RunAsHolder([&](Transaction& tx) { return WriteRound(tx, record); });
}

Result<size_t> PgPlacementStore::FailHopeless(const std::vector<HopelessJob>& jobs) {
  std::map<JobId, const HopelessJob*> wanted;
  std::vector<JobId> ids;
  for (const HopelessJob& job : jobs) {
    wanted[job.job_id] = &job;
    ids.push_back(job.job_id);
  }
  size_t count = 0;
  RETURN_IF_ERROR(RunAsHolder([&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(std::vector<JobView> views, ReadStatuses(tx, ids));
    std::vector<ProjectId> projects;
    for (const JobView& view : views) {
      projects.push_back(view.project_id);
    }
    LedgerWriter ledger(tx, ids_);
    RETURN_IF_ERROR(ledger.LockAccounts(projects).status());
    ASSIGN_OR_RETURN(const auto holds, ledger.LockHolds(ids));
    RETURN_IF_ERROR(tx.Execute(kLockJobs, Params().IdArray(ids)).status());
    ASSIGN_OR_RETURN(views, ReadStatuses(tx, ids));
    std::erase_if(views, [&](const JobView& view) {
      return view.state != JobState::kPending || view.version != wanted.at(view.job_id)->version;
    });
    std::vector<HoldChange> releases;
    for (JobView& view : views) {
      const int64_t rest = holds.at(view.job_id).open_micros();
      releases.push_back({.job_id = view.job_id, .charge_micros = 0, .release_micros = rest});
      view.money.released_micros += rest;
      view.money.settled = true;
      RETURN_IF_ERROR(Step(view, JobEvent::kFailed));
      view.cause = EndCause::kRefused;
      view.fault = FaultClass::kPolicy;
      view.reason = wanted.at(view.job_id)->reason;
      view.ended_at = tx.now();
      ++view.version;
    }
    count = views.size();
    RETURN_IF_ERROR(ledger.Settle(releases, {}));
    RETURN_IF_ERROR(WriteJobEnds(tx, views));
    return WriteAll(tx, JobEvent::kFailed, views);
  }));
  return count;
}

Result<size_t> PgPlacementStore::WithdrawExpired(size_t limit) {
  size_t count = 0;
  RETURN_IF_ERROR(RunAsHolder([&](Transaction& tx) -> Status {
    count = 0;
    ASSIGN_OR_RETURN(const Rows expired, tx.Execute(kExpiredOffers, Params().Int(static_cast<int64_t>(limit))));
    std::vector<AttemptId> attempts;
    for (int row = 0; row < expired.size(); ++row) {
      attempts.push_back(expired.Id<AttemptId>(row, 0));
    }
    if (attempts.empty()) {
      return OkStatus();
    }
    ASSIGN_OR_RETURN(const std::vector<AttemptStanding> standings, LockStandings(tx, attempts));
    ASSIGN_OR_RETURN(const Rows still, tx.Execute(kStillExpired, Params().IdArray(attempts)));
    std::map<AttemptId, std::pair<SiteId, std::string>> offered;
    for (int row = 0; row < still.size(); ++row) {
      offered[still.Id<AttemptId>(row, 0)] = {still.Id<SiteId>(row, 1), std::string(still.Text(row, 2))};
    }
    std::vector<AttemptStanding> jobs;
    std::vector<EndedAttempt> ended;
    std::vector<JobView> views;
    for (AttemptStanding standing : standings) {
      const auto offer = offered.find(standing.attempt_id);
      if (offer == offered.end()) {
        continue;
      }
      const std::string label = standing.job.site_name + "/" + standing.job.share;
      RETURN_IF_ERROR(Withdraw(standing, label + " did not answer the offer in time"));
      ended.push_back({.standing = standing,
                       .site_id = offer->second.first,
                       .share = offer->second.second,
                       .charge = ChargeState::kNone,
                       .charge_due_at = {}});
      views.push_back(standing.job);
      jobs.push_back(std::move(standing));
    }
    count = ended.size();
    RETURN_IF_ERROR(UpdateJobs(tx, jobs));
    RETURN_IF_ERROR(WriteAttemptEnds(tx, ended));
    return WriteAll(tx, JobEvent::kReturned, views);
  }));
  return count;
}

Status PgPlacementStore::Maintain() {
  return RunAsHolder([&](Transaction& tx) -> Status {
    RETURN_IF_ERROR(MakePartitions(tx));
    RETURN_IF_ERROR(KeepRounds(tx, retention_.rounds));
    RETURN_IF_ERROR(tx.Execute(kDropLapsedPauses).status());
    RETURN_IF_ERROR(tx.Execute(kDropFadedUsage).status());
    return DropLapsedLogRows(tx);
  });
}

Result<int64_t> PgPlacementStore::DropOldRows(int64_t piece) {
  int64_t next = 0;
  RETURN_IF_ERROR(RunAsHolder([&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(next, turnpike::DropOldRows(tx, retention_, piece));
    return OkStatus();
  }));
  return next;
}

}  // namespace turnpike
