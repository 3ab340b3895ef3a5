#include "cli/settle_resources.h"

#include <algorithm>
#include <limits>

namespace turnpike {
namespace {

int64_t AtLeastOne(int64_t amount) {
  return std::max<int64_t>(amount, 1);
}

int64_t CeilingOf(int64_t amount, int64_t divisor) {
  return (amount + divisor - 1) / divisor;
}

Result<int32_t> Narrow(int64_t amount, std::string_view what) {
  if (amount > std::numeric_limits<int32_t>::max()) {
    return InvalidArgument("{} {} are more than any machine has", amount, what);
  }
  return static_cast<int32_t>(amount);
}

int64_t TasksOnOneNode(const v1::Resources& resources) {
  const int64_t spread = CeilingOf(AtLeastOne(resources.tasks()), AtLeastOne(resources.nodes()));
  return resources.tasks() == 0 ? AtLeastOne(resources.tasks_per_node()) : spread;
}

// As sbatch: --ntasks-per-node with --nodes gives the tasks, with --ntasks the nodes.
Status SettleTasks(SpecDraft& draft) {
  v1::Resources& resources = *draft.spec.mutable_resources();
  if (resources.tasks() > 0 && resources.nodes() > resources.tasks()) {
    return InvalidArgument("{} nodes for {} tasks leave nodes without a task; say --nodes={} or less",
                           resources.nodes(), resources.tasks(), resources.tasks());
  }
  const int64_t per_node = resources.tasks_per_node();
  if (per_node == 0) {
    if (resources.tasks() > 1 && resources.nodes() == 0) {
      draft.notes.push_back(fmt::format("--ntasks={} without --nodes asks for one node", resources.tasks()));
    }
    return OkStatus();
  }
  if (resources.tasks() == 0) {
    ASSIGN_OR_RETURN(const int32_t tasks, Narrow(per_node * AtLeastOne(resources.nodes()), "tasks"));
    resources.set_tasks(tasks);
    draft.origins["resources.tasks"] = "--nodes times --ntasks-per-node";
  } else if (resources.nodes() == 0) {
    resources.set_nodes(static_cast<int32_t>(CeilingOf(resources.tasks(), per_node)));
    draft.origins["resources.nodes"] = "--ntasks by --ntasks-per-node";
  } else if (resources.tasks() > per_node * resources.nodes()) {
    return InvalidArgument("{} tasks do not fit {} nodes with {} tasks each; say --nodes={} or fewer tasks",
                           resources.tasks(), resources.nodes(), per_node, CeilingOf(resources.tasks(), per_node));
  }
  return OkStatus();
}

Status SettleGpus(SpecDraft& draft) {
  v1::Resources& resources = *draft.spec.mutable_resources();
  GpuRequest per_node{.model = "", .count = 0};
  if (draft.gpus_per_node) {
    per_node = *draft.gpus_per_node;
  } else if (draft.gpus_total) {
    const int64_t nodes = AtLeastOne(resources.nodes());
    if (draft.gpus_total->count % nodes != 0) {
      return InvalidArgument("{} GPUs do not spread evenly over {} nodes; say --gpus-per-node", draft.gpus_total->count,
                             nodes);
    }
    per_node = {draft.gpus_total->model, draft.gpus_total->count / nodes};
  } else if (draft.gpus_per_task) {
    per_node = {draft.gpus_per_task->model, draft.gpus_per_task->count * TasksOnOneNode(resources)};
  }
  if (per_node.count > 0) {
    ASSIGN_OR_RETURN(const int32_t count, Narrow(per_node.count, "GPUs on a node"));
    resources.mutable_accelerators()->set_model(per_node.model);
    resources.mutable_accelerators()->set_per_node(count);
  }
  return OkStatus();
}

Status SettlePerGpu(SpecDraft& draft) {
  v1::Resources& resources = *draft.spec.mutable_resources();
  const int64_t gpus = resources.accelerators().per_node();
  if ((draft.cpus_per_gpu || draft.memory_per_gpu_mib) && gpus == 0) {
    return InvalidArgument("{} without GPUs means nothing; add --gpus-per-node=N",
                           draft.cpus_per_gpu ? "--cpus-per-gpu" : "--mem-per-gpu");
  }
  if (draft.memory_per_gpu_mib) {
    resources.set_memory_per_node_mib(*draft.memory_per_gpu_mib * gpus);
  }
  if (draft.cpus_per_gpu) {
    const int64_t tasks = TasksOnOneNode(resources);
    const int64_t cores = *draft.cpus_per_gpu * gpus;
    if (cores % tasks != 0) {
      return InvalidArgument("{} cores for {} GPUs do not spread evenly over {} tasks on a node; say --cpus-per-task",
                             cores, gpus, tasks);
    }
    ASSIGN_OR_RETURN(const int32_t cpus, Narrow(cores / tasks, "cores for a task"));
    resources.set_cpus_per_task(cpus);
  }
  return OkStatus();
}

}  // namespace

Status SettleResources(SpecDraft& draft) {
  RETURN_IF_ERROR(SettleTasks(draft));
  RETURN_IF_ERROR(SettleGpus(draft));
  return SettlePerGpu(draft);
}

}  // namespace turnpike
