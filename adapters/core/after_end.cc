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

std::optional<UsageFact> UsageByScheduler(const LocalJobView* job) {
  if (job == nullptr || IsAlive(*job)) {
    return std::nullopt;
  }
  const std::optional<ResourceSeconds> used = UsageOf(*job);
  return used ? std::optional<UsageFact>({.used = *used, .provisional = false}) : std::nullopt;
}

UsageFact UsageByRecord(const AttemptRecord& record) {
  return ProvisionalUsage(record, record.end.value_or(EndedFact{}))
      .value_or(UsageFact{.used = {}, .provisional = true});
}

// `last`: no more usage will be reported after this one.
void ReportUsage(const UsageFact& usage, bool last, Decision& decision) {
  decision.record.usage_owed = !last;
  decision.record.usage_provisional = usage.provisional;
  decision.facts.emplace_back(usage);
}

}  // namespace

Decision AfterEnd(const AttemptRecord& record, const Sighting& seen, const ReconcilePolicy& policy, const Moment& now) {
  Decision decision{.rule = "final", .record = record, .cancel = JobsTooMany(record, seen)};
  if (!record.usage_owed) {
    return decision;
  }
  if (!record.usage_owed_since) {
    decision.record.usage_owed_since = now.monotonic;
  }
  const bool waited = now.monotonic - *decision.record.usage_owed_since >= policy.usage_wait;
  const bool may_be_corrected =
      seen.evidence.has_accounting && record.end && now.civil - record.end->end_time < policy.correction_wait;
  if (const std::optional<UsageFact> usage = UsageByScheduler(seen.job)) {
    ReportUsage(*usage, /*last=*/true, decision);
    decision.rule = "usage known";
  } else if (record.usage_provisional && !may_be_corrected) {
    // Said once more, so that its acknowledgement ends the attempt.
    ReportUsage(UsageByRecord(record), /*last=*/true, decision);
    decision.rule = "usage stays provisional";
  } else if (!record.usage_provisional && waited) {
    ReportUsage(UsageByRecord(record), /*last=*/!may_be_corrected, decision);
    decision.rule = "usage by the wrapper's record";
  }
  return decision;
}

}  // namespace turnpike
