#pragma once
// How attempts lie in the database: the live ones in attempt, the ended ones in attempt_end.

#include <string>
#include <string_view>
#include <vector>

#include "base/pg/transaction.h"
#include "broker/core/report_rules.h"

namespace turnpike {

// Live jobs and their live attempts, locked in this order; attempts that are not live are left out.
Result<std::vector<AttemptStanding>> LockStandings(Transaction& tx, std::vector<AttemptId> attempts);

// Which project's job an attempt is of, and how it ended, without a lock.
struct AttemptOwner {
  AttemptId attempt_id;
  ProjectId project_id;
  JobId job_id;
  std::optional<AttemptState> ended;  // absent: it lives
};
Result<std::vector<AttemptOwner>> FindOwners(Transaction& tx, const std::vector<AttemptId>& attempts);

// Attempts that go on, after a change.
Status UpdateAttempts(Transaction& tx, const std::vector<AttemptStanding>& standings);
// Their jobs, where they go on.
Status UpdateJobs(Transaction& tx, const std::vector<AttemptStanding>& standings);

enum class ChargeState { kNone, kPending, kProvisional, kFinal };
std::string_view ChargeStateName(ChargeState state);  // "PENDING"

struct EndedAttempt {
  AttemptStanding standing;
  SiteId site_id;
  std::string share;
  ChargeState charge = ChargeState::kNone;
  std::optional<Timestamp> charge_due_at;  // with kPending
};
// The live row becomes the ended one.
Status WriteAttemptEnds(Transaction& tx, const std::vector<EndedAttempt>& ended);

}  // namespace turnpike
