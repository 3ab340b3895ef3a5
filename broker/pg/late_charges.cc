#include "broker/pg/late_charges.h"

#include <map>
#include <ranges>
#include <set>

#include "broker/pg/attempt_rows.h"
#include "broker/pg/charge_writer.h"
#include "broker/pg/job_rows.h"

namespace turnpike {
namespace {

// Those that still wait for a charge, or for the scheduler's own word on it.  $1 attempts.
constexpr char kLockOpen[] = R"sql(
    SELECT attempt_id, charge_state = 'PROVISIONAL'
      FROM attempt_end
     WHERE attempt_id = ANY($1)
       AND charge_state IN ('PENDING', 'PROVISIONAL')
     ORDER BY attempt_id
       FOR UPDATE
)sql";

// $1 attempts.
constexpr char kProvisionalCharges[] = R"sql(
    SELECT attempt_id, charged_micros
      FROM usage_record
     WHERE attempt_id = ANY($1)
       AND number = 1
     ORDER BY attempt_id
)sql";

// Jobs by a list of their ids: the view is a union, into which a join with the attempts is not pushed, and which is
// then read whole.  $1 attempts.
constexpr char kEnded[] = "SELECT" TURNPIKE_JOB_STATUS_COLUMNS R"sql(
           , e_attempt, e_site, e_share, e_price_version, e_state, e_cluster, e_local, e_started, e_ended, e_nodes, e_cores,
           e_accelerators, e_memory, coalesce(e_offered_at, created_at), coalesce(e_known_at, now()),
           EXISTS (SELECT FROM attempt_end AS other
                    WHERE other.job_id = e_job
                      AND other.charge_state = 'PENDING'
                      AND other.attempt_id <> ALL($1))
      FROM job_status
      JOIN (SELECT job_id AS e_job, task_index AS e_task, attempt_id AS e_attempt, site_id AS e_site, share AS e_share,
                   price_version AS e_price_version, state AS e_state, cluster AS e_cluster, local_job_id AS e_local,
                   started_at AS e_started, ended_at AS e_ended, nodes AS e_nodes, cores AS e_cores, accelerators AS e_accelerators,
                   memory_mib AS e_memory, offered_at AS e_offered_at, known_at AS e_known_at
              FROM attempt_end
             WHERE attempt_id = ANY($1)) AS e
        ON e_job = job_id
       AND e_task = task_index
     WHERE job_id = ANY(ARRAY(SELECT job_id FROM attempt_end WHERE attempt_id = ANY($1)))
     ORDER BY job_id, task_index, e_attempt
)sql";

// $1 attempts, $2 charge states.
constexpr char kMarkCharged[] = R"sql(
    UPDATE attempt_end AS e
       SET charge_state = new.charge_state,
           charge_due_at = NULL
      FROM unnest($1::uuid[], $2::text[]) AS new(attempt_id, charge_state)
     WHERE e.attempt_id = new.attempt_id
)sql";

// $1 attempts.
constexpr char kPutOff[] = R"sql(
    UPDATE attempt_end
       SET charge_due_at = now() + interval '1 hour'
     WHERE attempt_id = ANY($1)
       AND charge_state = 'PENDING'
)sql";

// $1 jobs.
constexpr char kRaiseEndVersions[] = R"sql(
    UPDATE job_end
       SET version = version + 1
     WHERE job_id = ANY($1)
)sql";

// $1 jobs.
constexpr char kStatusOf[] = "SELECT" TURNPIKE_JOB_STATUS_COLUMNS R"sql(
      FROM job_status
     WHERE job_id = ANY($1)
     ORDER BY job_id, task_index
)sql";

using UsageOrNone = std::optional<UsageFigures>;

// The scheduler's own.
bool IsFinalWord(const UsageOrNone& usage) {
  return usage && !usage->provisional;
}

// What is known of an attempt that is not charged for good.
struct OpenCharge {
  UsageOrNone usage;
  std::optional<int64_t> provisional_micros;  // charged already
};

ChargeOrder OrderAt(const Rows& rows, int row) {
  ChargeOrder order;
  order.standing.job = JobViewAt(rows, row);
  int column = kJobStatusColumns;
  order.standing.attempt_id = rows.Id<AttemptId>(row, column++);
  order.site_id = rows.Id<SiteId>(row, column++);
  order.share = rows.Text(row, column++);
  order.standing.price_version = rows.Int(row, column++);
  order.standing.state = ParseAttemptState(rows.Text(row, column++)).value_or(AttemptState::kEnded);
  order.standing.cluster = rows.Text(row, column++);
  order.standing.local_job_id = rows.Text(row, column++);
  order.standing.started_at = rows.OptionalTime(row, column++);
  order.standing.ended_at = rows.OptionalTime(row, column++);
  order.standing.amounts.nodes = rows.Int(row, column++);
  order.standing.amounts.cores = rows.Int(row, column++);
  order.standing.amounts.accelerators = rows.Int(row, column++);
  order.standing.amounts.memory_mib = rows.Int(row, column++);
  order.standing.offered_at = rows.Time(row, column++);
  order.known_at = rows.Time(row, column++);
  order.end_kind =
      order.standing.state == AttemptState::kInterrupted ? AttemptEndKind::kInterruptedBySite : AttemptEndKind::kRan;
  order.release_rest = IsFinal(order.standing.job.state) && !rows.Bool(row, column);
  return order;
}

// Locks what is still open, and leaves out the provisionally charged ones about which the scheduler has not spoken.
Result<std::map<AttemptId, OpenCharge>> LockOpen(Transaction& tx, const std::map<AttemptId, UsageOrNone>& usage) {
  std::vector<AttemptId> attempts;
  for (const auto& [attempt, figures] : usage) {
    attempts.push_back(attempt);
  }
  ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kLockOpen, Params().IdArray(attempts)));
  std::map<AttemptId, OpenCharge> open;
  for (int row = 0; row < rows.size(); ++row) {
    const auto attempt = rows.Id<AttemptId>(row, 0);
    const UsageOrNone& figures = usage.at(attempt);
    const bool charged = rows.Bool(row, 1);
    if (!charged || IsFinalWord(figures)) {
      // What cost nothing may have no record.
      open[attempt] = {.usage = figures, .provisional_micros = charged ? std::optional<int64_t>(0) : std::nullopt};
    }
  }
  return open;
}

Status ReadProvisionalCharges(Transaction& tx, std::map<AttemptId, OpenCharge>& open) {
  std::vector<AttemptId> charged;
  for (const auto& [attempt, charge] : open) {
    if (charge.provisional_micros) {
      charged.push_back(attempt);
    }
  }
  if (charged.empty()) {
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kProvisionalCharges, Params().IdArray(charged)));
  for (int row = 0; row < rows.size(); ++row) {
    open.at(rows.Id<AttemptId>(row, 0)).provisional_micros = rows.Int(row, 1);
  }
  return OkStatus();
}

// Of several charges of one job, the last one gives the rest back.
void ReleaseOnce(std::vector<ChargeOrder>& orders) {
  std::set<JobId> released;
  for (ChargeOrder& order : orders | std::views::reverse) {
    order.release_rest = order.release_rest && released.insert(order.standing.job.job_id).second;
  }
}

Result<std::vector<ChargeOrder>> OrdersFor(Transaction& tx, const std::map<AttemptId, OpenCharge>& open) {
  std::vector<AttemptId> attempts;
  for (const auto& [attempt, charge] : open) {
    attempts.push_back(attempt);
  }
  ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kEnded, Params().IdArray(attempts)));
  std::vector<ChargeOrder> orders;
  for (int row = 0; row < rows.size(); ++row) {
    ChargeOrder order = OrderAt(rows, row);
    const OpenCharge& charge = open.at(order.standing.attempt_id);
    order.usage = charge.usage;
    order.provisional_micros = charge.provisional_micros;
    orders.push_back(std::move(order));
  }
  ReleaseOnce(orders);
  return orders;
}

Status MarkCharged(Transaction& tx, const std::vector<ChargeOrder>& orders) {
  std::vector<AttemptId> attempts;
  std::vector<std::string_view> states;
  for (const ChargeOrder& order : orders) {
    attempts.push_back(order.standing.attempt_id);
    states.push_back(ChargeStateName(IsFinalWord(order.usage) ? ChargeState::kFinal : ChargeState::kProvisional));
  }
  return tx.Execute(kMarkCharged, Params().IdArray(attempts).TextArray(states)).status();
}

// Puts those off that could not be charged, and leaves them out.
Status PutOffFailed(Transaction& tx, std::vector<ChargeOrder>& orders) {
  std::vector<AttemptId> failed;
  for (const ChargeOrder& order : orders) {
    if (order.failed) {
      failed.push_back(order.standing.attempt_id);
    }
  }
  std::erase_if(orders, [](const ChargeOrder& order) { return order.failed; });
  return failed.empty() ? OkStatus() : PutOffCharges(tx, failed);
}

// Live jobs go on with their state; of ended ones the version alone rises.
Status TellCharged(Transaction& tx, const std::vector<ChargeOrder>& orders) {
  std::set<JobId> over;
  for (const ChargeOrder& order : orders) {
    if (IsFinal(order.standing.job.state)) {
      over.insert(order.standing.job.job_id);
    }
  }
  const std::vector<JobId> jobs(over.begin(), over.end());
  if (jobs.empty()) {
    return OkStatus();
  }
  const Params params = std::move(Params().IdArray(jobs));
  const Statement statements[] = {{kRaiseEndVersions, &params}, {kStatusOf, &params}};
  ASSIGN_OR_RETURN(const std::vector<Rows> results, tx.ExecuteAll(statements));
  std::vector<NewEvent> events;
  for (int row = 0; row < results[1].size(); ++row) {
    events.push_back({kEventCharged, JobViewAt(results[1], row)});
  }
  WriteEvents(tx, events);
  return OkStatus();
}

}  // namespace

Result<size_t> WriteLateCharges(Transaction& tx, IdSource& ids, const std::vector<LateCharge>& late) {
  if (late.empty()) {
    return 0;
  }
  std::vector<ProjectId> projects;
  std::vector<JobId> jobs;
  std::map<AttemptId, UsageOrNone> usage;
  for (const LateCharge& charge : late) {
    projects.push_back(charge.project_id);
    jobs.push_back(charge.job_id);
    UsageOrNone& known = usage[charge.attempt_id];
    known = IsFinalWord(known) ? known : charge.usage;
  }
  ChargeWriter charges(tx, ids);
  RETURN_IF_ERROR(charges.Lock(projects, jobs));
  ASSIGN_OR_RETURN(auto open, LockOpen(tx, usage));
  if (open.empty()) {
    return 0;
  }
  RETURN_IF_ERROR(ReadProvisionalCharges(tx, open));
  ASSIGN_OR_RETURN(std::vector<ChargeOrder> orders, OrdersFor(tx, open));
  RETURN_IF_ERROR(charges.Charge(orders));
  RETURN_IF_ERROR(PutOffFailed(tx, orders));
  RETURN_IF_ERROR(MarkCharged(tx, orders));
  RETURN_IF_ERROR(TellCharged(tx, orders));
  return orders.size();
}

Status PutOffCharges(Transaction& tx, const std::vector<AttemptId>& attempts) {
  return tx.Execute(kPutOff, Params().IdArray(attempts)).status();
}

}  // namespace turnpike
