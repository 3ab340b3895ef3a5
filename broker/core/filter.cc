#include "broker/core/filter.h"

#include <iterator>

#include "broker/core/enum_names.h"
#include "broker/core/filter_checks.h"

namespace turnpike {
namespace {

constexpr EnumName<RefusalReason> kReasonNames[] = {
    {RefusalReason::kSiteNotChosen, "SITE_NOT_CHOSEN"},
    {RefusalReason::kSiteExcluded, "SITE_EXCLUDED"},
    {RefusalReason::kRegion, "REGION"},
    {RefusalReason::kShareAvoided, "SHARE_AVOIDED"},
    {RefusalReason::kArchitecture, "ARCHITECTURE"},
    {RefusalReason::kAcceleratorModel, "ACCELERATOR_MODEL"},
    {RefusalReason::kAcceleratorsPerNode, "ACCELERATORS_PER_NODE"},
    {RefusalReason::kCoresPerNode, "CORES_PER_NODE"},
    {RefusalReason::kMemoryPerNode, "MEMORY_PER_NODE"},
    {RefusalReason::kNodesMax, "NODES_MAX"},
    {RefusalReason::kCoresMax, "CORES_MAX"},
    {RefusalReason::kTimeLimitMax, "TIME_LIMIT_MAX"},
    {RefusalReason::kTimeLimitMissing, "TIME_LIMIT_MISSING"},
    {RefusalReason::kNotGuarded, "NOT_GUARDED"},
    {RefusalReason::kUnit, "UNIT"},
    {RefusalReason::kBudget, "BUDGET"},
    {RefusalReason::kDeadline, "DEADLINE"},
    {RefusalReason::kNodesTotal, "NODES_TOTAL"},
    {RefusalReason::kNoPrice, "NO_PRICE"},
    {RefusalReason::kRoundTrip, "ROUND_TRIP"},
    {RefusalReason::kSiteNotActive, "SITE_NOT_ACTIVE"},
    {RefusalReason::kSiteDraining, "SITE_DRAINING"},
    {RefusalReason::kSiteOffline, "SITE_OFFLINE"},
    {RefusalReason::kSiteSilent, "SITE_SILENT"},
    {RefusalReason::kLoadStale, "LOAD_STALE"},
    {RefusalReason::kShareClosed, "SHARE_CLOSED"},
    {RefusalReason::kShareFailing, "SHARE_FAILING"},
    {RefusalReason::kMaintenance, "MAINTENANCE"},
    {RefusalReason::kStartTooLate, "START_TOO_LATE"},
    {RefusalReason::kFailedHere, "FAILED_HERE"},
    {RefusalReason::kProjectPaused, "PROJECT_PAUSED"},
    {RefusalReason::kPriceAboveObjective, "PRICE_ABOVE_OBJECTIVE"},
    {RefusalReason::kFull, "FULL"},
    {RefusalReason::kOfferLimit, "OFFER_LIMIT"},
};
static_assert(std::size(kReasonNames) == std::size(kRefusalReasons), "each reason has a word");

}  // namespace

std::string_view RefusalReasonName(RefusalReason reason) {
  return NameIn(kReasonNames, reason);
}

bool IsPermanent(RefusalReason reason) {
  return reason < RefusalReason::kNodesTotal;
}

FilterVerdict Filter(const JobRequest& request, const ShareCandidate& candidate, const MatchPolicy& policy) {
  FilterVerdict verdict;
  const auto stop_at_refusal = [&](RefusalReason reason, bool passed) {
    if (!passed) {
      verdict.refusal = reason;
    }
    return passed;
  };
  verdict.eligible = VisitEligibility(request, candidate, verdict.fit, stop_at_refusal);
  if (verdict.eligible) {
    TakeWait(request, candidate, policy, verdict.fit);
    VisitNow(request, candidate, policy, verdict.fit, stop_at_refusal);
  }
  return verdict;
}

}  // namespace turnpike
