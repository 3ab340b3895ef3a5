#include "broker/pg/late_charges.h"

#include <map>

#include "broker/pg/attempt_rows.h"
#include "broker/pg/charge_writer.h"
#include "broker/pg/job_rows.h"

namespace turnpike {
namespace {

// $1 attempts.
constexpr char kLockPending[] = R"sql(
    SELECT attempt_id
      FROM attempt_end
     WHERE attempt_id = ANY($1)
       AND charge_state = 'PENDING'
     ORDER BY attempt_id
       FOR UPDATE
)sql";

// $1 attempts.
constexpr char kEnded[] = "SELECT" TURNPIKE_JOB_STATUS_COLUMNS R"sql(
           , e_attempt, e_site, e_share, e_price_version, e_state, e_cluster, e_local, e_started, e_ended, e_nodes, e_cores,
           e_accelerators, e_memory
      FROM job_status
      JOIN (SELECT job_id AS e_job, task_index AS e_task, attempt_id AS e_attempt, site_id AS e_site, share AS e_share,
                   price_version AS e_price_version, state AS e_state, cluster AS e_cluster, local_job_id AS e_local,
                   started_at AS e_started, ended_at AS e_ended, nodes AS e_nodes, cores AS e_cores, accelerators AS e_accelerators,
                   memory_mib AS e_memory
              FROM attempt_end
             WHERE attempt_id = ANY($1)) AS e
        ON e_job = job_id
       AND e_task = task_index
     ORDER BY job_id, task_index
)sql";

// $1 attempts, $2 charge states.
constexpr char kMarkCharged[] = R"sql(
    UPDATE attempt_end AS e
       SET charge_state = new.charge_state,
           charge_due_at = NULL
      FROM unnest($1::uuid[], $2::text[]) AS new(attempt_id, charge_state)
     WHERE e.attempt_id = new.attempt_id
)sql";

// $1 jobs.
constexpr char kRaiseEndVersions[] = R"sql(
    UPDATE job_end
       SET version = version + 1
     WHERE job_id = ANY($1)
)sql";

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
  order.end_kind =
      order.standing.state == AttemptState::kInterrupted ? AttemptEndKind::kInterruptedBySite : AttemptEndKind::kRan;
  order.job_over = IsFinal(order.standing.job.state);
  return order;
}

// Live jobs go on with their state; of ended ones the version alone rises.
Status RaiseVersions(Transaction& tx, std::vector<ChargeOrder>& orders) {
  std::vector<JobId> ended;
  std::vector<NewEvent> events;
  for (ChargeOrder& order : orders) {
    if (order.job_over) {
      ++order.standing.job.version;
      ended.push_back(order.standing.job.job_id);
      events.push_back({kEventCharged, order.standing.job});
    }
  }
  RETURN_IF_ERROR(tx.Execute(kRaiseEndVersions, Params().IdArray(ended)).status());
  return WriteEvents(tx, events);
}

}  // namespace

Result<size_t> WriteLateCharges(Transaction& tx, IdSource& ids, const std::vector<LateCharge>& late) {
  if (late.empty()) {
    return 0;
  }
  std::vector<AttemptId> attempts;
  std::vector<ProjectId> projects;
  std::vector<JobId> jobs;
  std::map<AttemptId, std::optional<UsageFigures>> usage;
  for (const LateCharge& charge : late) {
    attempts.push_back(charge.attempt_id);
    projects.push_back(charge.project_id);
    jobs.push_back(charge.job_id);
    usage[charge.attempt_id] = charge.usage;
  }
  ChargeWriter charges(tx, ids);
  RETURN_IF_ERROR(charges.Lock(projects, jobs));
  ASSIGN_OR_RETURN(const Rows pending, tx.Execute(kLockPending, Params().IdArray(attempts)));
  attempts.clear();
  for (int row = 0; row < pending.size(); ++row) {
    attempts.push_back(pending.Id<AttemptId>(row, 0));
  }
  ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kEnded, Params().IdArray(attempts)));
  std::vector<ChargeOrder> orders;
  std::vector<AttemptId> charged;
  std::vector<std::string_view> states;
  for (int row = 0; row < rows.size(); ++row) {
    orders.push_back(OrderAt(rows, row));
    orders.back().usage = usage[orders.back().standing.attempt_id];
    const bool provisional = !orders.back().usage || orders.back().usage->provisional;
    charged.push_back(orders.back().standing.attempt_id);
    states.push_back(ChargeStateName(provisional ? ChargeState::kProvisional : ChargeState::kFinal));
  }
  RETURN_IF_ERROR(charges.Charge(orders));
  RETURN_IF_ERROR(tx.Execute(kMarkCharged, Params().IdArray(charged).TextArray(states)).status());
  RETURN_IF_ERROR(RaiseVersions(tx, orders));
  return orders.size();
}

}  // namespace turnpike
