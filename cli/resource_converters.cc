// The converters of cli/spec_converters.h for resources and time.
#include <google/protobuf/util/time_util.h>

#include "cli/spec_converters.h"

namespace turnpike {
namespace {

Result<int32_t> Count(const Setting& setting) {
  ASSIGN_OR_RETURN(const int64_t count, ParseCount(setting.value));
  return static_cast<int32_t>(count);
}

}  // namespace

Status SetNodes(const Setting& setting, SpecDraft& draft) {
  const size_t dash = setting.value.find('-');
  if (dash != std::string::npos && setting.value.substr(0, dash) != setting.value.substr(dash + 1)) {
    return InvalidArgument("'{}' is a range of nodes, which is not supported; write one number, for example --nodes={}",
                           setting.value, setting.value.substr(0, dash));
  }
  ASSIGN_OR_RETURN(const int64_t nodes, ParseCount(std::string_view(setting.value).substr(0, dash)));
  draft.spec.mutable_resources()->set_nodes(static_cast<int32_t>(nodes));
  return OkStatus();
}

Status SetTasks(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(const int32_t tasks, Count(setting));
  draft.spec.mutable_resources()->set_tasks(tasks);
  return OkStatus();
}

Status SetTasksPerNode(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(const int32_t tasks, Count(setting));
  draft.spec.mutable_resources()->set_tasks_per_node(tasks);
  return OkStatus();
}

Status SetCpusPerTask(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(const int32_t cpus, Count(setting));
  draft.spec.mutable_resources()->set_cpus_per_task(cpus);
  return OkStatus();
}

Status SetCpusPerGpu(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(draft.cpus_per_gpu, ParseCount(setting.value, {.least = 1, .most = 100'000}));
  return OkStatus();
}

Status SetMemoryPerNode(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(const int64_t mib, ParseMemoryMib(setting.value));
  draft.spec.mutable_resources()->set_memory_per_node_mib(mib);
  return OkStatus();
}

Status SetMemoryPerCpu(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(const int64_t mib, ParseMemoryMib(setting.value));
  draft.spec.mutable_resources()->set_memory_per_cpu_mib(mib);
  return OkStatus();
}

Status SetMemoryPerGpu(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(draft.memory_per_gpu_mib, ParseMemoryMib(setting.value));
  return OkStatus();
}

Status SetGpusTotal(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(draft.gpus_total, ParseGpus(setting.value));
  return OkStatus();
}

Status SetGpusPerNode(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(draft.gpus_per_node, ParseGpus(setting.value));
  return OkStatus();
}

Status SetGpusPerTask(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(draft.gpus_per_task, ParseGpus(setting.value));
  return OkStatus();
}

// The GPUs in it have become a setting of --gpus-per-node before (cli/spec_builder.cc).
Status SetGres(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(const GresRequest request, ParseGres(setting.value));
  if (!request.others.empty()) {
    AddSiteFlag(setting, request.others, draft);
  }
  return OkStatus();
}

Status SetExclusive(const Setting& setting, SpecDraft& draft) {
  if (setting.value == "user" || setting.value == "mcs") {
    AddSiteFlag(setting, setting.value, draft);
    return OkStatus();
  }
  if (setting.has_value && !setting.value.empty()) {
    return InvalidArgument("'{}' is unknown; --exclusive alone means whole nodes, =user and =mcs are kept for the site",
                           setting.value);
  }
  draft.spec.mutable_resources()->set_exclusive(true);
  return OkStatus();
}

Status SetTimeLimit(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(const std::chrono::seconds limit, ParseTimeLimit(setting.value));
  *draft.spec.mutable_time_limit() = google::protobuf::util::TimeUtil::SecondsToDuration(limit.count());
  return OkStatus();
}

Status AddArchitectures(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, SplitAtCommas(setting.value));
  for (const std::string& name : names) {
    draft.spec.add_cpu_architectures(name);
  }
  return OkStatus();
}

}  // namespace turnpike
