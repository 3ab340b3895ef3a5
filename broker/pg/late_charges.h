#pragma once
// Charges of attempts that ended before their use was known: when the usage comes, or provisionally when it has not
// come in time.  When the scheduler's own word comes after that, what was charged too much goes back.

#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/pg/transaction.h"
#include "broker/core/site_report.h"

namespace turnpike {

struct LateCharge {
  AttemptId attempt_id;
  ProjectId project_id;
  JobId job_id;
  std::optional<UsageFigures> usage;  // absent: settled from start to end, provisionally
};

// Charges those that still are pending and corrects provisional charges, once each; returns how many.  Those that
// cannot be charged are put off.
Result<size_t> WriteLateCharges(Transaction& tx, IdSource& ids, const std::vector<LateCharge>& late);

// Lets the sweep pass by those that still are pending, for an hour.
Status PutOffCharges(Transaction& tx, const std::vector<AttemptId>& attempts);

}  // namespace turnpike
