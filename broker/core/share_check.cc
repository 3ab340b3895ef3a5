#include "broker/core/share_check.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/money.h"
#include "broker/core/enum_names.h"
#include "broker/core/filter_checks.h"
#include "broker/core/reason.h"
#include "broker/core/time_text.h"

namespace turnpike {
namespace {

constexpr EnumName<RefusalReason> kCheckNames[] = {
    {RefusalReason::kSiteNotChosen, "site"},
    {RefusalReason::kSiteExcluded, "site not excluded"},
    {RefusalReason::kRegion, "region"},
    {RefusalReason::kShareAvoided, "not refused before"},
    {RefusalReason::kArchitecture, "processor"},
    {RefusalReason::kAcceleratorModel, "accelerator model"},
    {RefusalReason::kAcceleratorsPerNode, "accelerators per node"},
    {RefusalReason::kCoresPerNode, "cores per node"},
    {RefusalReason::kMemoryPerNode, "memory per node"},
    {RefusalReason::kNodesTotal, "nodes"},
    {RefusalReason::kNodesMax, "nodes of one job"},
    {RefusalReason::kCoresMax, "cores of one job"},
    {RefusalReason::kTimeLimitMissing, "a time limit"},
    {RefusalReason::kTimeLimitMax, "time limit"},
    {RefusalReason::kNotGuarded, "starts only once"},
    {RefusalReason::kNoPrice, "price"},
    {RefusalReason::kUnit, "unit of the price"},
    {RefusalReason::kBudget, "cost"},
    {RefusalReason::kDeadline, "deadline"},
    {RefusalReason::kRoundTrip, "round trip"},
    {RefusalReason::kSiteNotActive, "site in service"},
    {RefusalReason::kSiteDraining, "site takes jobs"},
    {RefusalReason::kSiteOffline, "site connected"},
    {RefusalReason::kSiteSilent, "site heard of"},
    {RefusalReason::kLoadStale, "figures are fresh"},
    {RefusalReason::kShareClosed, "share open"},
    {RefusalReason::kShareFailing, "jobs end well there"},
    {RefusalReason::kMaintenance, "no maintenance"},
    {RefusalReason::kStartTooLate, "start before the deadline"},
    {RefusalReason::kFailedHere, "not failed here before"},
    {RefusalReason::kProjectPaused, "room under the site's limits"},
    {RefusalReason::kPriceAboveObjective, "cost beside the cheapest"},
    {RefusalReason::kFull, "idle now"},
    {RefusalReason::kOfferLimit, "offers on the way"},
};

// Both sides of a check.  `telling`: worth a line although it passed.
struct Sides {
  std::string required;
  std::string available;
  bool telling = false;
};

std::string List(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string NameOr(const std::string& name, std::string_view otherwise) {
  return name.empty() ? std::string(otherwise) : name;
}

std::string Mib(int64_t amount) {
  return fmt::format("{} MiB", amount);
}

Sides PlaceSides(RefusalReason reason, const JobRequest& request, const ShareCandidate& candidate) {
  const ShareInfo& share = candidate.share.info;
  switch (reason) {
    case RefusalReason::kSiteNotChosen:
      return {List(request.sites), share.site_name, !request.sites.empty()};
    case RefusalReason::kSiteExcluded:
      return {fmt::format("not {}", List(request.excluded_sites)), share.site_name, !request.excluded_sites.empty()};
    case RefusalReason::kRegion:
      return {List(request.regions), NameOr(candidate.site.region, "none"), !request.regions.empty()};
    default:
      return {"not yet refused", "refused it already"};
  }
}

// What a node gives to a job, where memory comes with cores.
std::string NodeMemory(const JobRequest& request, const ShareInfo& share) {
  const int64_t with_each = NodeRuleFor(request, share).memory_per_core_mib;
  return with_each == 0 ? Mib(share.node.memory_mib)
                        : fmt::format("{}, {} with each of {} cores", Mib(share.node.memory_mib), Mib(with_each),
                                      share.node.cores);
}

Sides NodeSides(RefusalReason reason, const JobRequest& request, const ShareInfo& share) {
  const NodeShape& node = share.node;
  const NodeNeed need = LargestNodeNeed(ShapeOf(request), {});
  switch (reason) {
    case RefusalReason::kArchitecture:
      return {List(request.cpu_architectures), NameOr(node.cpu_architecture, "unknown"),
              !request.cpu_architectures.empty()};
    case RefusalReason::kAcceleratorModel:
      return {request.accelerator_model, NameOr(node.accelerator_model, "none"), true};
    case RefusalReason::kAcceleratorsPerNode:
      return {fmt::format("{}", request.accelerators_per_node), fmt::format("{}", node.accelerators), true};
    case RefusalReason::kCoresPerNode:
      return {fmt::format("{}", need.cores), fmt::format("{}", node.cores), true};
    default:
      return {Mib(need.memory_mib), NodeMemory(request, share), need.memory_mib > 0};
  }
}

Sides SizeSides(RefusalReason reason, const JobRequest& request, const ShareCandidate& candidate, const Fit& fit) {
  const ShareLimits& limits = candidate.share.info.limits;
  switch (reason) {
    case RefusalReason::kNodesTotal:
      return {fmt::format("{}", request.nodes), fmt::format("{}", candidate.pool.nodes_total), true};
    case RefusalReason::kNodesMax:
      return {fmt::format("{}", request.nodes), fmt::format("at most {}", limits.nodes_max), limits.nodes_max > 0};
    case RefusalReason::kCoresMax:
      return {fmt::format("{}", fit.need.amounts.cores), fmt::format("at most {}", limits.cores_max),
              limits.cores_max > 0};
    case RefusalReason::kTimeLimitMissing:
      return {"one", "no default"};
    case RefusalReason::kTimeLimitMax:
      return {TimeText(fit.time_limit), fmt::format("at most {}", TimeText(limits.time_limit_max)),
              limits.time_limit_max.count() > 0};
    default:
      return {"yes, as the job is not rerun_safe", "no"};
  }
}

Sides PriceSides(RefusalReason reason, const JobRequest& request, const ShareCandidate& candidate, const Fit& fit) {
  const std::string cost = fmt::format("up to {}", FormatMoney({fit.ceiling_micros, request.unit}));
  switch (reason) {
    case RefusalReason::kNoPrice:
      return {"a price", "none"};
    case RefusalReason::kUnit:
      return {NameOr(request.unit, "none"), candidate.rates == nullptr ? "none" : candidate.rates->unit};
    case RefusalReason::kPriceAboveObjective:
      return {fmt::format("near it, for objective {}", ObjectiveName(ObjectiveOf(request))), cost};
    default:
      return {request.budget_micros ? fmt::format("at most {}", FormatMoney({*request.budget_micros, request.unit}))
                                    : "less than an account can hold",
              cost, request.budget_micros.has_value()};
  }
}

Sides RoundTripSides(const JobRequest& request, const ShareCandidate& candidate) {
  const std::optional<KnownRoundTrip> known = RoundTripOf(request, candidate);
  return {request.round_trip_max ? fmt::format("at most {}", RoundTripText(*request.round_trip_max)) : "any",
          known ? fmt::format("{} from {}", RoundTripText(known->median), RoundTripOrigin(known->source, request))
                : "unknown",
          request.round_trip_max.has_value()};
}

Sides TimeSides(RefusalReason reason, const JobRequest& request, const ShareCandidate& candidate, const Fit& fit) {
  const Timestamp start = candidate.now + fit.wait;
  switch (reason) {
    case RefusalReason::kDeadline:
      return {request.deadline ? fmt::format("by {}", FormatTimestamp(*request.deadline)) : "none",
              fmt::format("{} at the earliest", FormatTimestamp(candidate.now + fit.time_limit)),
              request.deadline.has_value()};
    case RefusalReason::kStartTooLate:
      return {request.deadline ? fmt::format("by {}", FormatTimestamp(*request.deadline - fit.time_limit)) : "none",
              FormatTimestamp(start), request.deadline.has_value()};
    case RefusalReason::kMaintenance: {
      const MaintenanceWindow* window = WindowInTheWay(candidate.share.load.windows, RunOf(fit, candidate));
      return {fmt::format("none before {}", FormatTimestamp(start + fit.time_limit)),
              window == nullptr ? "none" : fmt::format("from {}", FormatTimestamp(window->start)),
              !candidate.share.load.windows.empty()};
    }
    case RefusalReason::kShareFailing:
      return {"lately",
              candidate.share.breaker ? fmt::format("{} failed in a row", candidate.share.breaker->failures) : "yes"};
    default:
      return {"another share", "failed here already"};
  }
}

Sides NowSides(RefusalReason reason, const ShareCandidate& candidate, const Fit& fit) {
  const SiteInfo& site = candidate.site;
  switch (reason) {
    case RefusalReason::kSiteNotActive:
    case RefusalReason::kSiteDraining:
      return {"ACTIVE", std::string(SiteStateName(site.state)),
              site.state == SiteState::kActive && reason == RefusalReason::kSiteDraining};
    case RefusalReason::kSiteOffline:
      return {"yes", site.connected ? "yes" : "no", true};
    case RefusalReason::kSiteSilent:
      return {"lately", site.last_seen ? FormatTimestamp(*site.last_seen) : "never"};
    case RefusalReason::kLoadStale:
      return {"lately", FormatTimestamp(candidate.share.load.observed_at)};
    case RefusalReason::kShareClosed:
      return {"yes", candidate.share.load.open ? "no node is up" : NameOr(candidate.share.load.closed_reason, "no")};
    case RefusalReason::kProjectPaused:
      return {"some",
              candidate.pause == nullptr
                  ? "none"
                  : fmt::format("none until {}: {}", FormatTimestamp(candidate.pause->until), candidate.pause->limit)};
    case RefusalReason::kOfferLimit:
      return {"fewer", "as many as the site may get"};
    default:
      return {fmt::format("{} cores", fit.need.amounts.cores),
              fmt::format("{} cores{}", candidate.pool.cores_idle,
                          FitsNow(fit.need, candidate.pool) ? "" : ", else a place in its queue"),
              true};
  }
}

Sides SidesOf(RefusalReason reason, const JobRequest& request, const ShareCandidate& candidate, const Fit& fit) {
  switch (reason) {
    case RefusalReason::kSiteNotChosen:
    case RefusalReason::kSiteExcluded:
    case RefusalReason::kRegion:
    case RefusalReason::kShareAvoided:
      return PlaceSides(reason, request, candidate);
    case RefusalReason::kArchitecture:
    case RefusalReason::kAcceleratorModel:
    case RefusalReason::kAcceleratorsPerNode:
    case RefusalReason::kCoresPerNode:
    case RefusalReason::kMemoryPerNode:
      return NodeSides(reason, request, candidate.share.info);
    case RefusalReason::kNodesTotal:
    case RefusalReason::kNodesMax:
    case RefusalReason::kCoresMax:
    case RefusalReason::kTimeLimitMax:
    case RefusalReason::kTimeLimitMissing:
    case RefusalReason::kNotGuarded:
      return SizeSides(reason, request, candidate, fit);
    case RefusalReason::kUnit:
    case RefusalReason::kBudget:
    case RefusalReason::kNoPrice:
    case RefusalReason::kPriceAboveObjective:
      return PriceSides(reason, request, candidate, fit);
    case RefusalReason::kRoundTrip:
      return RoundTripSides(request, candidate);
    case RefusalReason::kDeadline:
    case RefusalReason::kShareFailing:
    case RefusalReason::kMaintenance:
    case RefusalReason::kStartTooLate:
    case RefusalReason::kFailedHere:
      return TimeSides(reason, request, candidate, fit);
    case RefusalReason::kSiteNotActive:
    case RefusalReason::kSiteDraining:
    case RefusalReason::kSiteOffline:
    case RefusalReason::kSiteSilent:
    case RefusalReason::kLoadStale:
    case RefusalReason::kShareClosed:
    case RefusalReason::kProjectPaused:
    case RefusalReason::kFull:
    case RefusalReason::kOfferLimit:
      return NowSides(reason, candidate, fit);
  }
  __builtin_unreachable();
}

}  // namespace

std::vector<ShareCheck> ChecksOf(const JobRequest& request, const ShareVerdict& verdict, const MatchSetting& setting,
                                 std::optional<ProjectId> project_id) {
  const ShareCandidate candidate = CandidateOf(request, verdict.share, setting, project_id);
  std::vector<ShareCheck> checks;
  Fit fit;
  auto note = [&](RefusalReason reason, bool passed) {
    Sides sides = SidesOf(reason, request, candidate, fit);
    const bool said = std::ranges::find(checks, reason, &ShareCheck::reason) != checks.end();
    if (!said && (!passed || sides.telling)) {
      checks.push_back({.reason = reason,
                        .name = std::string(NameIn(kCheckNames, reason)),
                        .required = std::move(sides.required),
                        .available = std::move(sides.available),
                        .passed = passed});
    }
    return true;
  };
  VisitEligibility(request, candidate, fit, note);
  TakeWait(request, candidate, setting.policy, fit);
  VisitNow(request, candidate, setting.policy, fit, note);
  note(RefusalReason::kFailedHere, verdict.refusal != RefusalReason::kFailedHere);
  note(RefusalReason::kPriceAboveObjective, verdict.refusal != RefusalReason::kPriceAboveObjective);
  note(RefusalReason::kOfferLimit, verdict.refusal != RefusalReason::kOfferLimit);
  note(RefusalReason::kFull, verdict.refusal != RefusalReason::kFull);
  note(RefusalReason::kProjectPaused, verdict.refusal != RefusalReason::kProjectPaused);
  return checks;
}

}  // namespace turnpike
