#include "adapters/core/after_end.h"

#include "adapters/core/ending.h"
#include "adapters/core/pick_job.h"
#include "adapters/core/usage.h"

namespace turnpike {
namespace {

// An attempt that ended may be shown as alive for a moment more; any other final one must not be there at all.
std::vector<LocalJobIdentity> JobsTooMany(const AttemptRecord& record, const Sighting& seen) {
  std::vector<LocalJobIdentity> jobs;
  for (const LocalJobView& job : seen.evidence.jobs) {
    const bool is_own = &job == seen.job && record.phase == AttemptPhase::kEnded;
    if (IsAlive(job) && !is_own) {
      jobs.push_back(NameOf(job));
    }
  }
  return jobs;
}

std::optional<UsageFact> FindUsage(const AttemptRecord& record, const LocalJobView* job, bool waited) {
  if (job != nullptr && !IsAlive(*job)) {
    if (const std::optional<ResourceSeconds> used = UsageOf(*job)) {
      return UsageFact{.used = *used, .provisional = false};
    }
  }
  if (!waited) {
    return std::nullopt;
  }
  return ProvisionalUsage(record, record.end.value_or(EndedFact{}))
      .value_or(UsageFact{.used = {}, .provisional = true});
}

}  // namespace

Decision AfterEnd(const AttemptRecord& record, const Sighting& seen, const ReconcilePolicy& policy, const Moment& now) {
  Decision decision{.rule = "final", .record = record, .cancel = JobsTooMany(record, seen)};
  AttemptRecord& after = decision.record;
  if (!after.usage_owed) {
    return decision;
  }
  if (!after.usage_owed_since) {
    after.usage_owed_since = now.monotonic;
  }
  const bool waited = now.monotonic - *after.usage_owed_since >= policy.usage_wait;
  if (const std::optional<UsageFact> usage = FindUsage(record, seen.job, waited)) {
    after.usage_owed = false;
    decision.facts.emplace_back(*usage);
    decision.rule = "usage known";
  }
  return decision;
}

}  // namespace turnpike
