#pragma once
// Every check of a share, in order: the filter stops at the first that fails, an explanation hears of all of them.
// `Report` is bool(RefusalReason, bool passed); false ends the visit.

#include <algorithm>

#include "billing/core/quote.h"
#include "broker/core/filter.h"
#include "broker/core/score.h"

namespace turnpike {

inline bool Holds(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// Whole nodes give all they have, so the cores that belong to memory do not count there.
inline AllocationRule NodeRuleFor(const JobRequest& request, const ShareInfo& share) {
  AllocationRule rule = RuleOf(share);
  if (share.whole_nodes || request.exclusive) {
    rule.memory_per_core_mib = 0;
  }
  return rule;
}

template <class Report>
bool VisitPlace(const JobRequest& request, const ShareCandidate& candidate, Report& report) {
  const ShareInfo& share = candidate.share.info;
  return report(RefusalReason::kSiteNotChosen, request.sites.empty() || Holds(request.sites, share.site_name)) &&
         report(RefusalReason::kSiteExcluded, !Holds(request.excluded_sites, share.site_name)) &&
         report(RefusalReason::kRegion, request.regions.empty() || Holds(request.regions, candidate.site.region)) &&
         report(RefusalReason::kShareAvoided,
                request.avoided_shares.empty() || !Holds(request.avoided_shares, ShareLabel(share)));
}

template <class Report>
bool VisitAccelerators(const JobRequest& request, const NodeShape& node, Report& report) {
  if (request.accelerators_per_node == 0) {
    return true;
  }
  const bool model_fits =
      request.accelerator_model == kAnyAccelerator || request.accelerator_model == node.accelerator_model;
  return report(RefusalReason::kAcceleratorModel, node.accelerators > 0 && model_fits) &&
         report(RefusalReason::kAcceleratorsPerNode, request.accelerators_per_node <= node.accelerators);
}

template <class Report>
bool VisitNode(const JobRequest& request, const ShareInfo& share, Report& report) {
  const NodeShape& node = share.node;
  if (node.cores <= 0) {  // The site shows no node at this moment: what one of them has nobody can say.
    return report(RefusalReason::kShareClosed, false);
  }
  const bool architecture_fits =
      request.cpu_architectures.empty() || Holds(request.cpu_architectures, node.cpu_architecture);
  if (!report(RefusalReason::kArchitecture, architecture_fits) || !VisitAccelerators(request, node, report)) {
    return false;
  }
  const RequestedShape shape = ShapeOf(request);
  const NodeNeed asked = LargestNodeNeed(shape, {});
  if (!report(RefusalReason::kCoresPerNode, asked.cores <= node.cores)) {
    return false;
  }
  // Also where the memory alone would fit, but the cores that belong to it do not.
  const int64_t cores_most = std::max<int64_t>(asked.cores, node.cores);
  const bool cores_fit = LargestNodeNeed(shape, NodeRuleFor(request, share)).cores <= cores_most;
  return report(RefusalReason::kMemoryPerNode, cores_fit && asked.memory_mib <= node.memory_mib);
}

template <class Report>
bool VisitSize(const JobRequest& request, const ShareCandidate& candidate, const Fit& fit, Report& report) {
  const ShareInfo& share = candidate.share.info;
  const ShareLimits& limits = share.limits;
  // A pool without any usable node is down for now; that is no verdict about the size.
  const bool pool_fits = candidate.pool.nodes_total <= 0 || request.nodes <= candidate.pool.nodes_total;
  const bool time_fits = limits.time_limit_max.count() <= 0 || fit.time_limit <= limits.time_limit_max;
  return report(RefusalReason::kNodesTotal, pool_fits) &&
         report(RefusalReason::kNodesMax, limits.nodes_max <= 0 || request.nodes <= limits.nodes_max) &&
         report(RefusalReason::kCoresMax, limits.cores_max <= 0 || fit.need.amounts.cores <= limits.cores_max) &&
         report(RefusalReason::kTimeLimitMissing, fit.time_limit.count() != 0) &&
         report(RefusalReason::kTimeLimitMax, time_fits) &&
         report(RefusalReason::kNotGuarded, share.guarded || request.rerun_safe);
}

template <class Report>
bool VisitPrice(const JobRequest& request, const ShareCandidate& candidate, Fit& fit, Report& report) {
  if (candidate.rates == nullptr) {
    return report(RefusalReason::kNoPrice, false);
  }
  if (!report(RefusalReason::kNoPrice, true) || !report(RefusalReason::kUnit, candidate.rates->unit == request.unit)) {
    return false;
  }
  const Result<Money> ceiling =
      Ceiling(ShapeOf(request), RuleOf(candidate.share.info), *candidate.rates, fit.time_limit);
  if (!ceiling.ok()) {
    return report(RefusalReason::kBudget, false);  // More than any account can hold.
  }
  fit.ceiling_micros = ceiling->micros;
  return report(RefusalReason::kBudget, !request.budget_micros || ceiling->micros <= *request.budget_micros);
}

// When it would start, were it placed now, by the figures at the beginning of the round.
inline RunSpan RunOf(const Fit& fit, const ShareCandidate& candidate) {
  return {.start = candidate.now + fit.wait, .time_limit = fit.time_limit};
}

// How long it would wait, and how long it may.
inline void TakeWait(const JobRequest& request, const ShareCandidate& candidate, const MatchPolicy& policy, Fit& fit) {
  const ShareLoad& load = candidate.share.load;
  if (load.windows.empty() && !request.deadline) {
    return;  // Nothing depends on it.
  }
  fit.wait = EstimateWait(fit.need, candidate.pool, load.core_seconds_waiting, policy);
  const Duration slack = SlackBefore(load.windows, RunOf(fit, candidate));
  fit.wait_max = slack == Duration::max() ? slack : fit.wait + slack;
  if (request.deadline && *request.deadline - fit.time_limit - candidate.now < fit.wait_max) {
    fit.wait_max = *request.deadline - fit.time_limit - candidate.now;
    fit.late = RefusalReason::kStartTooLate;
  }
}

// "region cn-east"; what is known from the broker alone says so.
inline std::string RoundTripOrigin(KnownRoundTrip::Source source, const JobRequest& request) {
  return source == KnownRoundTrip::Source::kRegion ? "region " + request.user_region : "the broker";
}
inline std::optional<KnownRoundTrip> RoundTripOf(const JobRequest& request, const ShareCandidate& candidate) {
  return FindRoundTrip(candidate.network, request.user_region, candidate.site.site_id);
}

// What nobody has measured may be any length.
template <class Report>
bool VisitRoundTrip(const JobRequest& request, const ShareCandidate& candidate, Report& report) {
  if (!request.round_trip_max) {
    return true;
  }
  const std::optional<KnownRoundTrip> known = RoundTripOf(request, candidate);
  return report(RefusalReason::kRoundTrip, known && known->median <= *request.round_trip_max);
}

// What no waiting changes, the price, and the network.
template <class Report>
bool VisitEligibility(const JobRequest& request, const ShareCandidate& candidate, Fit& fit, Report& report) {
  const ShareInfo& share = candidate.share.info;
  if (!VisitPlace(request, candidate, report) || !VisitNode(request, share, report)) {
    return false;
  }
  fit.need = NeedOf(Allocate(ShapeOf(request), RuleOf(share)), share);
  fit.time_limit = request.time_limit.value_or(share.limits.time_limit_default);
  const bool in_time = !request.deadline || candidate.now + fit.time_limit <= *request.deadline;
  return VisitSize(request, candidate, fit, report) && VisitPrice(request, candidate, fit, report) &&
         report(RefusalReason::kDeadline, in_time) && VisitRoundTrip(request, candidate, report);
}

// It is under trial, or has failed so often that it is not even that.
inline bool IsTrusted(const ShareView& share, Timestamp now) {
  switch (StateOf(share.breaker, now)) {
    case BreakerState::kClosed:
      return true;
    case BreakerState::kOpen:
      return false;
    case BreakerState::kHalfOpen:
      return !IsOnTrial(share.attempts, *share.breaker, now);
  }
  __builtin_unreachable();
}

// Whether the site takes the job at this moment.
template <class Report>
bool VisitNow(const JobRequest& request, const ShareCandidate& candidate, const MatchPolicy& policy, const Fit& fit,
              Report& report) {
  const SiteInfo& site = candidate.site;
  const Timestamp now = candidate.now;
  const RunSpan run = RunOf(fit, candidate);
  const ShareLoad& load = candidate.share.load;
  const bool takes_part = site.state == SiteState::kActive || site.state == SiteState::kDraining;
  return report(RefusalReason::kSiteNotActive, takes_part) &&
         report(RefusalReason::kSiteDraining, site.state != SiteState::kDraining) &&
         report(RefusalReason::kSiteOffline, site.connected) &&
         report(RefusalReason::kSiteSilent, site.last_seen && now - *site.last_seen <= policy.site_silence_max) &&
         report(RefusalReason::kLoadStale, now - load.observed_at <= policy.load_age_max) &&
         report(RefusalReason::kShareClosed, load.open && candidate.pool.nodes_total != 0) &&
         report(RefusalReason::kShareFailing, IsTrusted(candidate.share, now)) &&
         report(RefusalReason::kMaintenance, WindowInTheWay(load.windows, run) == nullptr) &&
         report(RefusalReason::kStartTooLate, !request.deadline || run.start + run.time_limit <= *request.deadline);
}

}  // namespace turnpike
