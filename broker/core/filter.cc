#include "broker/core/filter.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "billing/core/quote.h"
#include "broker/core/enum_names.h"

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
    {RefusalReason::kNodesTotal, "NODES_TOTAL"},
    {RefusalReason::kNodesMax, "NODES_MAX"},
    {RefusalReason::kCoresMax, "CORES_MAX"},
    {RefusalReason::kTimeLimitMax, "TIME_LIMIT_MAX"},
    {RefusalReason::kTimeLimitMissing, "TIME_LIMIT_MISSING"},
    {RefusalReason::kNotGuarded, "NOT_GUARDED"},
    {RefusalReason::kUnit, "UNIT"},
    {RefusalReason::kBudget, "BUDGET"},
    {RefusalReason::kNoPrice, "NO_PRICE"},
    {RefusalReason::kSiteNotActive, "SITE_NOT_ACTIVE"},
    {RefusalReason::kSiteDraining, "SITE_DRAINING"},
    {RefusalReason::kSiteOffline, "SITE_OFFLINE"},
    {RefusalReason::kSiteSilent, "SITE_SILENT"},
    {RefusalReason::kLoadStale, "LOAD_STALE"},
    {RefusalReason::kShareClosed, "SHARE_CLOSED"},
    {RefusalReason::kProjectPaused, "PROJECT_PAUSED"},
    {RefusalReason::kPriceAboveObjective, "PRICE_ABOVE_OBJECTIVE"},
    {RefusalReason::kFull, "FULL"},
    {RefusalReason::kOfferLimit, "OFFER_LIMIT"},
};

bool Holds(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::optional<RefusalReason> CheckPlace(const JobRequest& request, const ShareCandidate& candidate) {
  const ShareInfo& share = candidate.share.info;
  if (!request.sites.empty() && !Holds(request.sites, share.site_name)) {
    return RefusalReason::kSiteNotChosen;
  }
  if (Holds(request.excluded_sites, share.site_name)) {
    return RefusalReason::kSiteExcluded;
  }
  if (!request.regions.empty() && !Holds(request.regions, candidate.site.region)) {
    return RefusalReason::kRegion;
  }
  if (!request.avoided_shares.empty() && Holds(request.avoided_shares, ShareLabel(share))) {
    return RefusalReason::kShareAvoided;
  }
  return std::nullopt;
}

std::optional<RefusalReason> CheckAccelerators(const JobRequest& request, const NodeShape& node) {
  if (request.accelerators_per_node == 0) {
    return std::nullopt;
  }
  const bool model_fits =
      request.accelerator_model == kAnyAccelerator || request.accelerator_model == node.accelerator_model;
  if (node.accelerators == 0 || !model_fits) {
    return RefusalReason::kAcceleratorModel;
  }
  return request.accelerators_per_node > node.accelerators ? std::optional(RefusalReason::kAcceleratorsPerNode)
                                                           : std::nullopt;
}

// Whole nodes give all they have, so the cores that belong to memory do not count there.
AllocationRule RuleFor(const JobRequest& request, const ShareInfo& share) {
  AllocationRule rule = RuleOf(share);
  if (share.whole_nodes || request.exclusive) {
    rule.memory_per_core_mib = 0;
  }
  return rule;
}

std::optional<RefusalReason> CheckNode(const JobRequest& request, const ShareInfo& share) {
  if (!request.cpu_architectures.empty() && !Holds(request.cpu_architectures, share.node.cpu_architecture)) {
    return RefusalReason::kArchitecture;
  }
  if (const std::optional<RefusalReason> refusal = CheckAccelerators(request, share.node)) {
    return refusal;
  }
  const RequestedShape shape = ShapeOf(request);
  const NodeNeed asked = LargestNodeNeed(shape, {});
  if (asked.cores > share.node.cores) {
    return RefusalReason::kCoresPerNode;
  }
  // Also where the memory alone would fit, but the cores that belong to it do not.
  const bool too_many_cores = LargestNodeNeed(shape, RuleFor(request, share)).cores > share.node.cores;
  if (too_many_cores || asked.memory_mib > share.node.memory_mib) {
    return RefusalReason::kMemoryPerNode;
  }
  return std::nullopt;
}

std::optional<RefusalReason> CheckSize(const JobRequest& request, const ShareCandidate& candidate, const Fit& fit) {
  const ShareInfo& share = candidate.share.info;
  // A pool without any usable node is down for now; that is no verdict about the size.
  if (candidate.pool.nodes_total > 0 && request.nodes > candidate.pool.nodes_total) {
    return RefusalReason::kNodesTotal;
  }
  if (share.limits.nodes_max > 0 && request.nodes > share.limits.nodes_max) {
    return RefusalReason::kNodesMax;
  }
  if (share.limits.cores_max > 0 && fit.need.amounts.cores > share.limits.cores_max) {
    return RefusalReason::kCoresMax;
  }
  if (fit.time_limit.count() == 0) {
    return RefusalReason::kTimeLimitMissing;
  }
  if (share.limits.time_limit_max.count() > 0 && fit.time_limit > share.limits.time_limit_max) {
    return RefusalReason::kTimeLimitMax;
  }
  if (!share.guarded && !request.rerun_safe) {
    return RefusalReason::kNotGuarded;
  }
  return std::nullopt;
}

std::optional<RefusalReason> CheckPrice(const JobRequest& request, const ShareCandidate& candidate, Fit& fit) {
  if (candidate.rates == nullptr) {
    return RefusalReason::kNoPrice;
  }
  if (candidate.rates->unit != request.unit) {
    return RefusalReason::kUnit;
  }
  const Result<Money> ceiling =
      Ceiling(ShapeOf(request), RuleOf(candidate.share.info), *candidate.rates, fit.time_limit);
  if (!ceiling.ok()) {
    return RefusalReason::kBudget;  // More than any account can hold.
  }
  fit.ceiling_micros = ceiling->micros;
  return request.budget_micros && ceiling->micros > *request.budget_micros ? std::optional(RefusalReason::kBudget)
                                                                           : std::nullopt;
}

std::optional<RefusalReason> CheckNow(const ShareCandidate& candidate, const MatchPolicy& policy, Timestamp now) {
  switch (candidate.site.state) {
    case SiteState::kRegistered:
    case SiteState::kQuarantined:
      return RefusalReason::kSiteNotActive;
    case SiteState::kDraining:
      return RefusalReason::kSiteDraining;
    case SiteState::kActive:
      break;
  }
  if (!candidate.site.connected) {
    return RefusalReason::kSiteOffline;
  }
  if (!candidate.site.last_seen || now - *candidate.site.last_seen > policy.site_silence_max) {
    return RefusalReason::kSiteSilent;
  }
  if (now - candidate.share.load.observed_at > policy.load_age_max) {
    return RefusalReason::kLoadStale;
  }
  if (!candidate.share.load.open || candidate.pool.nodes_total == 0) {
    return RefusalReason::kShareClosed;
  }
  return std::nullopt;
}

}  // namespace

std::string_view RefusalReasonName(RefusalReason reason) {
  return NameIn(kReasonNames, reason);
}

bool IsPermanent(RefusalReason reason) {
  return reason < RefusalReason::kNoPrice;
}

FilterVerdict Filter(const JobRequest& request, const ShareCandidate& candidate, const MatchPolicy& policy,
                     Timestamp now) {
  const ShareInfo& share = candidate.share.info;
  FilterVerdict verdict;
  if ((verdict.refusal = CheckPlace(request, candidate)) || (verdict.refusal = CheckNode(request, share))) {
    return verdict;
  }
  verdict.fit.need = NeedOf(Allocate(ShapeOf(request), RuleOf(share)), share);
  verdict.fit.time_limit = request.time_limit.value_or(share.limits.time_limit_default);
  if ((verdict.refusal = CheckSize(request, candidate, verdict.fit)) ||
      (verdict.refusal = CheckPrice(request, candidate, verdict.fit))) {
    return verdict;
  }
  verdict.eligible = true;
  verdict.refusal = CheckNow(candidate, policy, now);
  return verdict;
}

}  // namespace turnpike
