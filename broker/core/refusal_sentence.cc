// The sentences for people; filter.cc decides.

#include <fmt/format.h>

#include "base/money.h"
#include "billing/core/quote.h"
#include "broker/core/filter.h"
#include "broker/core/filter_checks.h"
#include "broker/core/time_text.h"

namespace turnpike {
namespace {

std::string List(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string Unnamed(const std::string& name) {
  return name.empty() ? "none" : name;
}

std::string PlaceSentence(RefusalReason reason, const JobRequest& request, const ShareCandidate& candidate) {
  switch (reason) {
    case RefusalReason::kSiteNotChosen:
      return fmt::format("is not among the sites asked for: {}", List(request.sites));
    case RefusalReason::kSiteExcluded:
      return "is at a site that the job excludes";
    case RefusalReason::kRegion:
      return fmt::format("is in region {}, the job asks for {}", Unnamed(candidate.site.region), List(request.regions));
    default:
      return "refused the job already";
  }
}

std::string NodeSentence(RefusalReason reason, const JobRequest& request, const ShareInfo& share) {
  const NodeNeed need = LargestNodeNeed(ShapeOf(request), {});
  const NodeShape& node = share.node;
  switch (reason) {
    case RefusalReason::kArchitecture:
      return fmt::format("has {} processors, the job runs on {}", Unnamed(node.cpu_architecture),
                         List(request.cpu_architectures));
    case RefusalReason::kAcceleratorModel:
      return fmt::format("has accelerators of model {}, the job needs {}", Unnamed(node.accelerator_model),
                         request.accelerator_model);
    case RefusalReason::kAcceleratorsPerNode:
      return fmt::format("has {} accelerators on a node, the job needs {}", node.accelerators,
                         request.accelerators_per_node);
    case RefusalReason::kCoresPerNode:
      return fmt::format("has {} cores on a node, the job needs {}", node.cores, need.cores);
    default:
      return share.memory_per_core_mib > 0
                 ? fmt::format("has {} MiB on a node and gives {} MiB with each of {} cores, the job needs {} MiB",
                               node.memory_mib, share.memory_per_core_mib, node.cores, need.memory_mib)
                 : fmt::format("has {} MiB on a node, the job needs {}", node.memory_mib, need.memory_mib);
  }
}

std::string SizeSentence(RefusalReason reason, const JobRequest& request, const ShareCandidate& candidate) {
  const ShareInfo& share = candidate.share.info;
  switch (reason) {
    case RefusalReason::kNodesTotal:
      return fmt::format("has {} nodes in service, the job needs {}", candidate.pool.nodes_total, request.nodes);
    case RefusalReason::kNodesMax:
      return fmt::format("lets one job have {} nodes, this one needs {}", share.limits.nodes_max, request.nodes);
    case RefusalReason::kCoresMax:
      return fmt::format("lets one job have {} cores, this one would hold {}", share.limits.cores_max,
                         Allocate(ShapeOf(request), RuleOf(share)).cores);
    case RefusalReason::kTimeLimitMax:
      return fmt::format("lets a job run {} at most, this one asks for {}", TimeText(share.limits.time_limit_max),
                         TimeText(request.time_limit.value_or(share.limits.time_limit_default)));
    case RefusalReason::kTimeLimitMissing:
      return "has no default time limit, and the job gives none";
    default:
      return "cannot prove that a job starts only once, and the job is not marked rerun_safe";
  }
}

std::string PriceSentence(RefusalReason reason, const JobRequest& request, const ShareCandidate& candidate) {
  const ShareInfo& share = candidate.share.info;
  if (reason == RefusalReason::kNoPrice || candidate.rates == nullptr) {
    return "has no price";
  }
  if (reason == RefusalReason::kUnit) {
    return fmt::format("is priced in {}, the account is kept in {}", candidate.rates->unit, Unnamed(request.unit));
  }
  const std::chrono::seconds limit = request.time_limit.value_or(share.limits.time_limit_default);
  const Result<Money> ceiling = Ceiling(ShapeOf(request), RuleOf(share), *candidate.rates, limit);
  const std::string cost = ceiling.ok() ? FormatMoney(*ceiling) : "more than an account can hold";
  if (reason == RefusalReason::kPriceAboveObjective) {
    return fmt::format("costs up to {}, too much more than the cheapest for objective {}; FASTEST would take it", cost,
                       ObjectiveName(ObjectiveOf(request)));
  }
  return request.budget_micros ? fmt::format("costs up to {}, the job may cost {}", cost,
                                             FormatMoney({.micros = *request.budget_micros, .unit = request.unit}))
                               : fmt::format("costs up to {}", cost);
}

std::string FailingSentence(const ShareCandidate& candidate) {
  const BreakerStanding& breaker = *candidate.share.breaker;
  return fmt::format("{}: {} jobs in a row failed there by the site's fault, the last one: {}",
                     candidate.now < *breaker.open_until
                         ? fmt::format("is left alone until {}", FormatTimestamp(*breaker.open_until))
                         : "is tried with one job at a time",
                     breaker.failures, breaker.last_failure);
}

// What would happen, and when it could be otherwise.
std::string MaintenanceSentence(const JobRequest& request, const ShareCandidate& candidate) {
  const ShareInfo& share = candidate.share.info;
  const std::chrono::seconds limit = request.time_limit.value_or(share.limits.time_limit_default);
  RunSpan run{.start = candidate.now, .time_limit = limit};
  const MaintenanceWindow* window = WindowInTheWay(candidate.share.load.windows, run);
  if (window == nullptr) {  // It would have to wait first.
    run.start += SlackBefore(candidate.share.load.windows, run) + Duration(1);
    window = WindowInTheWay(candidate.share.load.windows, run);
  }
  return window == nullptr
             ? "would be in maintenance while it runs"
             : fmt::format("has maintenance from {} to {}{}, into which it would run with its limit of {}",
                           FormatTimestamp(window->start), FormatTimestamp(window->end),
                           window->reason.empty() ? "" : fmt::format(" ({})", window->reason), TimeText(limit));
}

std::string DeadlineSentence(RefusalReason reason, const JobRequest& request, const ShareCandidate& candidate) {
  const ShareInfo& share = candidate.share.info;
  const std::string limit = TimeText(request.time_limit.value_or(share.limits.time_limit_default));
  const std::string deadline = FormatTimestamp(request.deadline.value_or(Timestamp{}));
  return reason == RefusalReason::kDeadline
             ? fmt::format("cannot end it by its deadline, {}: it may run for {}", deadline, limit)
             : fmt::format("would start it too late to end by its deadline, {}, with a limit of {}", deadline, limit);
}

std::string RoundTripSentence(const JobRequest& request, const ShareCandidate& candidate) {
  const std::string allowed = RoundTripText(request.round_trip_max.value_or(kRoundTripMax));
  const std::optional<KnownRoundTrip> known = RoundTripOf(request, candidate);
  return known ? fmt::format("has a round trip of {} from {}, the job allows {}", RoundTripText(known->median),
                             RoundTripOrigin(known->source, request), allowed)
               : fmt::format("has a round trip that nobody has measured, the job allows {}", allowed);
}

std::string NowSentence(RefusalReason reason, const ShareCandidate& candidate) {
  switch (reason) {
    case RefusalReason::kSiteNotActive:
      return fmt::format("is at a site that is {}", SiteStateName(candidate.site.state));
    case RefusalReason::kSiteDraining:
      return "takes nothing new: its site is DRAINING";
    case RefusalReason::kSiteOffline:
      return "is out of reach: its site's agent is not connected";
    case RefusalReason::kSiteSilent:
      return candidate.site.last_seen ? fmt::format("is silent: its site was last heard of at {}",
                                                    FormatTimestamp(*candidate.site.last_seen))
                                      : "is silent: its site was never heard of";
    case RefusalReason::kLoadStale:
      return fmt::format("last said at {} how busy it is", FormatTimestamp(candidate.share.load.observed_at));
    case RefusalReason::kShareClosed:
      if (candidate.share.load.open) {
        return "has no node in service";
      }
      return candidate.share.load.closed_reason.empty()
                 ? "is closed"
                 : fmt::format("is closed: {}", candidate.share.load.closed_reason);
    case RefusalReason::kProjectPaused:
      return candidate.pause == nullptr ? "has no room for this project under the site's own limits"
                                        : fmt::format("takes nothing more of this project until {}: {}",
                                                      FormatTimestamp(candidate.pause->until), candidate.pause->limit);
    case RefusalReason::kOfferLimit:
      return "has as many offers on the way as its site may get";
    default:
      return "is full";
  }
}

std::string Predicate(RefusalReason reason, const JobRequest& request, const ShareCandidate& candidate) {
  switch (reason) {
    case RefusalReason::kSiteNotChosen:
    case RefusalReason::kSiteExcluded:
    case RefusalReason::kRegion:
    case RefusalReason::kShareAvoided:
      return PlaceSentence(reason, request, candidate);
    case RefusalReason::kArchitecture:
    case RefusalReason::kAcceleratorModel:
    case RefusalReason::kAcceleratorsPerNode:
    case RefusalReason::kCoresPerNode:
    case RefusalReason::kMemoryPerNode:
      return NodeSentence(reason, request, candidate.share.info);
    case RefusalReason::kNodesTotal:
    case RefusalReason::kNodesMax:
    case RefusalReason::kCoresMax:
    case RefusalReason::kTimeLimitMax:
    case RefusalReason::kTimeLimitMissing:
    case RefusalReason::kNotGuarded:
      return SizeSentence(reason, request, candidate);
    case RefusalReason::kUnit:
    case RefusalReason::kBudget:
    case RefusalReason::kNoPrice:
    case RefusalReason::kPriceAboveObjective:
      return PriceSentence(reason, request, candidate);
    case RefusalReason::kRoundTrip:
      return RoundTripSentence(request, candidate);
    case RefusalReason::kDeadline:
    case RefusalReason::kStartTooLate:
      return DeadlineSentence(reason, request, candidate);
    case RefusalReason::kShareFailing:
      return FailingSentence(candidate);
    case RefusalReason::kMaintenance:
      return MaintenanceSentence(request, candidate);
    case RefusalReason::kFailedHere:
      return "failed under the job already; another share can take it";
    case RefusalReason::kSiteNotActive:
    case RefusalReason::kSiteDraining:
    case RefusalReason::kSiteOffline:
    case RefusalReason::kSiteSilent:
    case RefusalReason::kLoadStale:
    case RefusalReason::kShareClosed:
    case RefusalReason::kProjectPaused:
    case RefusalReason::kFull:
    case RefusalReason::kOfferLimit:
      return NowSentence(reason, candidate);
  }
  __builtin_unreachable();
}

}  // namespace

std::string RefusalSentence(RefusalReason reason, const JobRequest& request, const ShareCandidate& candidate) {
  return fmt::format("{} {}", ShareLabel(candidate.share.info), Predicate(reason, request, candidate));
}

}  // namespace turnpike
