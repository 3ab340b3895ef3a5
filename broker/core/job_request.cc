#include "broker/core/job_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "broker/core/enum_names.h"
#include "broker/core/network.h"

namespace turnpike {
namespace {

constexpr EnumName<Objective> kObjectiveNames[] = {
    {Objective::kBalanced, "BALANCED"},
    {Objective::kFastest, "FASTEST"},
    {Objective::kCheapest, "CHEAPEST"},
};

// Wide enough for the largest machines, narrow enough that no product of two of them wraps round.
constexpr int64_t kNodesMax = 1'000'000;
constexpr int64_t kTasksMax = 10'000'000;
constexpr int64_t kCpusPerTaskMax = 10'000;
constexpr int64_t kAcceleratorsPerNodeMax = 1'000;
constexpr int64_t kMemoryPerNodeMibMax = int64_t{1} << 30U;
constexpr int64_t kMemoryPerCpuMibMax = int64_t{1} << 24U;
constexpr std::chrono::seconds kTimeLimitMax = std::chrono::hours(24 * 366);
constexpr int64_t kPriorityMax = 1'000;
constexpr int64_t kAttemptsMax = 10;
constexpr size_t kNamesMax = 1'000;
constexpr size_t kNameBytesMax = 255;

struct Range {
  int64_t least;
  int64_t most;
};

void CheckRange(std::string path, int64_t value, Range range, FieldViolations& violations) {
  if (value < range.least || value > range.most) {
    violations.Add(std::move(path), fmt::format("is {}; give {} to {}", value, range.least, range.most));
  }
}

void CheckNames(std::string path, const std::vector<std::string>& names, FieldViolations& violations) {
  if (names.size() > kNamesMax) {
    violations.Add(std::move(path), fmt::format("has {} names; give at most {}", names.size(), kNamesMax));
  } else if (std::ranges::any_of(names, [](const std::string& name) { return name.empty(); })) {
    violations.Add(std::move(path), "has an empty name; leave it out");
  } else if (std::ranges::any_of(names, [](const std::string& name) { return name.size() > kNameBytesMax; })) {
    violations.Add(std::move(path), fmt::format("has a name of more than {} bytes", kNameBytesMax));
  }
}

void CheckTasks(const JobRequest& request, const std::string& path, FieldViolations& violations) {
  if (request.tasks < request.nodes) {
    violations.Add(path + ".tasks", fmt::format("is {}, less than the {} nodes; ask for fewer nodes or more tasks",
                                                request.tasks, request.nodes));
  }
  if (request.tasks_per_node > 0 && int64_t{request.tasks_per_node} * request.nodes < request.tasks) {
    violations.Add(
        path + ".tasks_per_node",
        fmt::format("is {}, so {} nodes take {} tasks at most, not {}; ask for more nodes", request.tasks_per_node,
                    request.nodes, int64_t{request.tasks_per_node} * request.nodes, request.tasks));
  }
}

void CheckMemoryAndAccelerators(const JobRequest& request, const std::string& path, FieldViolations& violations) {
  CheckRange(path + ".memory_per_node_mib", request.memory_per_node_mib, {0, kMemoryPerNodeMibMax}, violations);
  CheckRange(path + ".memory_per_cpu_mib", request.memory_per_cpu_mib, {0, kMemoryPerCpuMibMax}, violations);
  if (request.memory_per_node_mib > 0 && request.memory_per_cpu_mib > 0) {
    violations.Add(path + ".memory_per_cpu_mib", "is given together with memory_per_node_mib; give one of the two");
  }
  CheckRange(path + ".accelerators.per_node", request.accelerators_per_node, {0, kAcceleratorsPerNodeMax}, violations);
  if (request.accelerator_model.size() > kNameBytesMax) {
    violations.Add(path + ".accelerators.model",
                   fmt::format("has {} bytes, {} are allowed", request.accelerator_model.size(), kNameBytesMax));
  } else if (request.accelerator_model.empty() != (request.accelerators_per_node == 0)) {
    violations.Add(path + ".accelerators",
                   fmt::format("asks for {} of model \"{}\"; give a model (\"{}\" for any) and at least 1 per node",
                               request.accelerators_per_node, request.accelerator_model, kAnyAccelerator));
  }
}

void CheckPlacement(const JobRequest& request, const std::string& path, FieldViolations& violations) {
  CheckNames(path + ".sites", request.sites, violations);
  CheckNames(path + ".excluded_sites", request.excluded_sites, violations);
  CheckNames(path + ".regions", request.regions, violations);
  if (request.round_trip_max && (request.round_trip_max->count() < 1 || *request.round_trip_max > kRoundTripMax)) {
    violations.Add(path + ".round_trip_max", fmt::format("is {} microseconds; give 1 to {}",
                                                         request.round_trip_max->count(), kRoundTripMax.count()));
  }
  if (request.budget_micros && *request.budget_micros < 0) {
    violations.Add(path + ".budget", "is below zero; give the most that the job may cost");
  }
}

}  // namespace

std::string_view ObjectiveName(Objective objective) {
  return NameIn(kObjectiveNames, objective);
}
std::optional<Objective> ParseObjective(std::string_view name) {
  return ValueIn(kObjectiveNames, name);
}

Objective ObjectiveOf(const JobRequest& request) {
  return request.deadline && request.objective == Objective::kBalanced ? Objective::kCheapest : request.objective;
}

RequestedShape ShapeOf(const JobRequest& request) {
  return {.nodes = request.nodes,
          .tasks = request.tasks,
          .cpus_per_task = request.cpus_per_task,
          .accelerators_per_node = request.accelerators_per_node,
          .memory_per_node_mib = request.memory_per_node_mib,
          .memory_per_core_mib = request.memory_per_cpu_mib,
          .exclusive = request.exclusive};
}

void ValidateRequest(const JobRequest& request, std::string_view spec_path, FieldViolations& violations) {
  const std::string spec(spec_path);
  const std::string resources = spec + ".resources";
  CheckRange(resources + ".nodes", request.nodes, {1, kNodesMax}, violations);
  CheckRange(resources + ".tasks", request.tasks, {1, kTasksMax}, violations);
  CheckRange(resources + ".tasks_per_node", request.tasks_per_node, {0, kTasksMax}, violations);
  CheckRange(resources + ".cpus_per_task", request.cpus_per_task, {1, kCpusPerTaskMax}, violations);
  CheckTasks(request, resources, violations);
  CheckMemoryAndAccelerators(request, resources, violations);
  if (request.time_limit) {
    CheckRange(spec + ".time_limit", request.time_limit->count(), {1, kTimeLimitMax.count()}, violations);
  }
  CheckNames(spec + ".cpu_architectures", request.cpu_architectures, violations);
  CheckPlacement(request, spec + ".placement", violations);
  CheckRange(spec + ".priority", request.priority, {-kPriorityMax, kPriorityMax}, violations);
  CheckRange(spec + ".retry_policy.attempts_max", request.attempts_max, {1, kAttemptsMax}, violations);
}

}  // namespace turnpike
