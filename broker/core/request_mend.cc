#include "broker/core/request_mend.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/money.h"
#include "broker/core/filter_checks.h"
#include "broker/core/time_text.h"

namespace turnpike {
namespace {

using Mended = std::optional<std::string>;

constexpr std::chrono::seconds kTimeLimitSuggested = std::chrono::hours(1);

int32_t TasksOnOneNode(const JobRequest& request) {
  return request.tasks / request.nodes + (request.tasks % request.nodes != 0 ? 1 : 0);
}

std::string NamesFlag(std::string_view flag, const std::vector<std::string>& names) {
  return fmt::format("--{}={}", flag, fmt::join(names, ","));
}

Mended MendPlace(RefusalReason reason, const ShareCandidate& candidate, JobRequest& request) {
  switch (reason) {
    case RefusalReason::kSiteNotChosen: {
      const std::string flag = NamesFlag("site", request.sites);
      request.sites.clear();
      return fmt::format("remove {}", flag);
    }
    case RefusalReason::kSiteExcluded:
      std::erase(request.excluded_sites, candidate.share.info.site_name);
      return fmt::format("remove {} from --exclude-site", candidate.share.info.site_name);
    case RefusalReason::kRegion: {
      const std::string flag = NamesFlag("region", request.regions);
      request.regions.clear();
      return fmt::format("remove {}", flag);
    }
    default:
      return std::nullopt;  // It turned this job away itself: it would do so again.
  }
}

// In whole milliseconds, as the flag is written.
Mended MendRoundTrip(const ShareCandidate& candidate, JobRequest& request) {
  const std::optional<KnownRoundTrip> known = RoundTripOf(request, candidate);
  if (!known) {
    request.round_trip_max.reset();
    request.user_region.clear();
    return "remove --round-trip-max";
  }
  const auto enough = std::chrono::ceil<std::chrono::milliseconds>(known->median);
  request.round_trip_max = enough;
  return fmt::format("allow a longer round trip (--round-trip-max={}ms)", enough.count());
}

// Fewer cores a task, where one task is too large; else more nodes for the same tasks.
Mended MendCores(const ShareInfo& share, JobRequest& request) {
  const int32_t cores = share.node.cores;
  if (cores <= 0) {
    return std::nullopt;
  }
  if (request.cpus_per_task > cores) {
    request.cpus_per_task = cores;
    return fmt::format("ask for at most {} cores per node (--cpus-per-task={})", cores, cores);
  }
  const int32_t tasks_fitting = cores / request.cpus_per_task;
  request.nodes = request.tasks / tasks_fitting + (request.tasks % tasks_fitting != 0 ? 1 : 0);
  return fmt::format("ask for at most {} cores per node (--nodes={})", cores, request.nodes);
}

Mended MendMemory(const ShareInfo& share, JobRequest& request) {
  const int64_t with_each = NodeRuleFor(request, share).memory_per_core_mib;
  const int64_t most =
      with_each == 0 ? share.node.memory_mib : std::min(share.node.memory_mib, with_each * share.node.cores);
  if (request.memory_per_node_mib > 0) {
    request.memory_per_node_mib = most;
    return most == 0 ? std::nullopt : Mended(fmt::format("ask for at most {} MiB per node (--mem={}M)", most, most));
  }
  const int64_t of_core = most / (int64_t{TasksOnOneNode(request)} * request.cpus_per_task);
  request.memory_per_cpu_mib = of_core;
  return of_core == 0 ? std::nullopt
                      : Mended(fmt::format("ask for at most {} MiB per core (--mem-per-cpu={}M)", of_core, of_core));
}

Mended MendNode(RefusalReason reason, const ShareInfo& share, JobRequest& request) {
  const NodeShape& node = share.node;
  switch (reason) {
    case RefusalReason::kArchitecture:
      request.cpu_architectures.push_back(node.cpu_architecture);
      return node.cpu_architecture.empty() ? std::nullopt
                                           : Mended(fmt::format("allow {} processors ({})", node.cpu_architecture,
                                                                NamesFlag("arch", request.cpu_architectures)));
    case RefusalReason::kAcceleratorModel:
    case RefusalReason::kAcceleratorsPerNode:
      if (node.accelerators == 0 || node.accelerator_model.empty()) {
        return std::nullopt;
      }
      if (reason == RefusalReason::kAcceleratorModel) {
        request.accelerator_model = node.accelerator_model;
      }
      request.accelerators_per_node = std::min(request.accelerators_per_node, node.accelerators);
      return fmt::format("ask for other accelerators (--gpus-per-node={}:{})", request.accelerator_model,
                         request.accelerators_per_node);
    case RefusalReason::kCoresPerNode:
      return MendCores(share, request);
    default:
      return MendMemory(share, request);
  }
}

// Each node keeps as many tasks as it had.
Mended MendNodes(int64_t nodes_most, JobRequest& request) {
  if (nodes_most < 1) {
    return std::nullopt;
  }
  const int64_t tasks = std::min<int64_t>(request.tasks, nodes_most * TasksOnOneNode(request));
  request.nodes = static_cast<int32_t>(nodes_most);
  request.tasks = static_cast<int32_t>(tasks);
  return fmt::format("ask for at most {} nodes (--nodes={} --ntasks={})", nodes_most, nodes_most, tasks);
}

Mended MendCoresInAll(const ShareInfo& share, JobRequest& request) {
  const int64_t most = share.limits.cores_max;
  if (share.whole_nodes || request.exclusive) {
    return MendNodes(share.node.cores > 0 ? most / share.node.cores : 0, request);
  }
  const auto tasks = static_cast<int32_t>(most / request.cpus_per_task);
  if (tasks < 1) {
    return std::nullopt;
  }
  request.tasks = tasks;
  request.nodes = std::min(request.nodes, tasks);
  return fmt::format("ask for at most {} cores in all (--nodes={} --ntasks={})", most, request.nodes, tasks);
}

Mended MendSize(RefusalReason reason, const ShareCandidate& candidate, JobRequest& request) {
  const ShareLimits& limits = candidate.share.info.limits;
  switch (reason) {
    case RefusalReason::kNodesTotal:
      return MendNodes(candidate.pool.nodes_total, request);
    case RefusalReason::kNodesMax:
      return MendNodes(limits.nodes_max, request);
    case RefusalReason::kCoresMax:
      return MendCoresInAll(candidate.share.info, request);
    case RefusalReason::kTimeLimitMissing:
      request.time_limit = kTimeLimitSuggested;
      return fmt::format("give a time limit (--time={})", TimeText(kTimeLimitSuggested));
    case RefusalReason::kTimeLimitMax:
      request.time_limit = limits.time_limit_max;
      return fmt::format("shorten --time to {}", TimeText(limits.time_limit_max));
    default:
      request.rerun_safe = true;
      return "give --rerun-safe, if running the program twice does no harm";
  }
}

Mended MendPrice(RefusalReason reason, const ShareCandidate& candidate, JobRequest& request) {
  if (reason == RefusalReason::kPriceAboveObjective) {
    request.objective = Objective::kFastest;
    return "give --prefer=fastest, which takes dearer shares too";
  }
  if (reason != RefusalReason::kBudget || candidate.rates == nullptr) {
    return std::nullopt;  // A price and its unit are the site's to set.
  }
  const ShareInfo& share = candidate.share.info;
  const Result<Money> ceiling = Ceiling(ShapeOf(request), RuleOf(share), *candidate.rates,
                                        request.time_limit.value_or(share.limits.time_limit_default));
  if (!ceiling.ok()) {
    return std::nullopt;
  }
  request.budget_micros = ceiling->micros;
  return fmt::format("raise --budget to {}", FormatMicros(ceiling->micros));
}

// Shorter, so that it ends before.  Nobody asks for less than a minute.
Mended MendTimeLimit(Timestamp end, const ShareCandidate& candidate, JobRequest& request) {
  const auto left = std::chrono::floor<std::chrono::minutes>(end - candidate.now);
  if (left < std::chrono::minutes(1)) {
    return std::nullopt;
  }
  request.time_limit = left;
  return fmt::format("shorten --time to {}", TimeText(*request.time_limit));
}

Mended MendRunTime(RefusalReason reason, const ShareCandidate& candidate, JobRequest& request) {
  if (reason == RefusalReason::kDeadline) {
    return request.deadline ? MendTimeLimit(*request.deadline, candidate, request) : std::nullopt;
  }
  const std::chrono::seconds limit = request.time_limit.value_or(candidate.share.info.limits.time_limit_default);
  const RunSpan run{.start = candidate.now, .time_limit = limit};
  const MaintenanceWindow* window = WindowInTheWay(candidate.share.load.windows, run);
  return window == nullptr ? std::nullopt : MendTimeLimit(window->start, candidate, request);
}

Mended Mend(RefusalReason reason, const ShareCandidate& candidate, JobRequest& request) {
  switch (reason) {
    case RefusalReason::kSiteNotChosen:
    case RefusalReason::kSiteExcluded:
    case RefusalReason::kRegion:
    case RefusalReason::kShareAvoided:
      return MendPlace(reason, candidate, request);
    case RefusalReason::kArchitecture:
    case RefusalReason::kAcceleratorModel:
    case RefusalReason::kAcceleratorsPerNode:
    case RefusalReason::kCoresPerNode:
    case RefusalReason::kMemoryPerNode:
      return MendNode(reason, candidate.share.info, request);
    case RefusalReason::kNodesTotal:
    case RefusalReason::kNodesMax:
    case RefusalReason::kCoresMax:
    case RefusalReason::kTimeLimitMax:
    case RefusalReason::kTimeLimitMissing:
    case RefusalReason::kNotGuarded:
      return MendSize(reason, candidate, request);
    case RefusalReason::kUnit:
    case RefusalReason::kBudget:
    case RefusalReason::kNoPrice:
    case RefusalReason::kPriceAboveObjective:
      return MendPrice(reason, candidate, request);
    case RefusalReason::kDeadline:
    case RefusalReason::kMaintenance:
      return MendRunTime(reason, candidate, request);
    case RefusalReason::kRoundTrip:
      return MendRoundTrip(candidate, request);
    case RefusalReason::kShareFailing:
    case RefusalReason::kStartTooLate:
    case RefusalReason::kFailedHere:
    case RefusalReason::kSiteNotActive:
    case RefusalReason::kSiteDraining:
    case RefusalReason::kSiteOffline:
    case RefusalReason::kSiteSilent:
    case RefusalReason::kLoadStale:
    case RefusalReason::kShareClosed:
    case RefusalReason::kProjectPaused:
    case RefusalReason::kFull:
    case RefusalReason::kOfferLimit:
      return std::nullopt;
  }
  __builtin_unreachable();
}

}  // namespace

std::optional<std::string> MendRequest(RefusalReason reason, const ShareCandidate& candidate, JobRequest& request) {
  JobRequest changed = request;
  Mended what = Mend(reason, candidate, changed);
  if (what) {
    request = std::move(changed);
  }
  return what;
}

}  // namespace turnpike
