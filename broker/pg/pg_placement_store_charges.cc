#include "base/log.h"
#include "broker/pg/data_error.h"
#include "broker/pg/pg_placement_store.h"

namespace turnpike {
namespace {

// $1 how many.
constexpr char kOverdueCharges[] = R"sql(
    SELECT attempt_id, project_id, job_id
      FROM attempt_end
     WHERE charge_state = 'PENDING'
       AND charge_due_at < now()
     ORDER BY attempt_id
     LIMIT $1
)sql";

}  // namespace

// A charge that the database cannot store is put off, so that those of other sites do not wait for it.
Result<size_t> PgPlacementStore::SettleOverdue(size_t limit) {
  ASSIGN_OR_RETURN(const std::vector<LateCharge> late, OverdueCharges(limit));
  if (late.empty()) {
    return 0;
  }
  Result<size_t> settled = SettleAtOnce(late);
  if (settled.ok() || !IsDataError(settled.status())) {
    return settled;
  }
  size_t count = 0;
  for (const LateCharge& charge : late) {
    const Result<size_t> one = SettleAtOnce({charge});
    if (one.ok()) {
      count += *one;
      continue;
    }
    if (!IsDataError(one.status())) {
      return one.status();
    }
    LogError("an attempt cannot be charged",
             {{"attempt", charge.attempt_id.ToString()}, {"why", std::string(MessageOf(one.status()))}});
    RETURN_IF_ERROR(RunAsHolder([&](Transaction& tx) { return PutOffCharges(tx, {charge.attempt_id}); }));
  }
  return count;
}

Result<std::vector<LateCharge>> PgPlacementStore::OverdueCharges(size_t limit) {
  std::vector<LateCharge> late;
  RETURN_IF_ERROR(RunAsHolder([&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kOverdueCharges, Params().Int(static_cast<int64_t>(limit))));
    late.clear();
    for (int row = 0; row < rows.size(); ++row) {
      late.push_back({.attempt_id = rows.Id<AttemptId>(row, 0),
                      .project_id = rows.Id<ProjectId>(row, 1),
                      .job_id = rows.Id<JobId>(row, 2),
                      .usage = {}});
    }
    return OkStatus();
  }));
  return late;
}

Result<size_t> PgPlacementStore::SettleAtOnce(const std::vector<LateCharge>& late) {
  size_t count = 0;
  RETURN_IF_ERROR(RunAsHolder([&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(count, WriteLateCharges(tx, ids_, late));
    return OkStatus();
  }));
  return count;
}

}  // namespace turnpike
