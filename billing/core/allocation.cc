#include "billing/core/allocation.h"

#include <algorithm>

#include "base/check.h"
#include "base/money.h"

namespace turnpike {
namespace {

int64_t DivideUp(int64_t dividend, int64_t divisor) {
  return dividend / divisor + (dividend % divisor != 0 ? 1 : 0);
}

// What one node gives to so many tasks: enough cores for the tasks and for the memory.
NodeNeed NeedForTasks(int64_t tasks, const RequestedShape& shape, const AllocationRule& rule) {
  NodeNeed need;
  const int64_t asked_cores = std::max<int64_t>(1, tasks * shape.cpus_per_task);
  const int64_t asked_memory =
      shape.memory_per_node_mib > 0 ? shape.memory_per_node_mib : asked_cores * shape.memory_per_core_mib;
  const int64_t memory_cores = rule.memory_per_core_mib > 0 ? DivideUp(asked_memory, rule.memory_per_core_mib) : 0;
  need.cores = std::max(asked_cores, memory_cores);
  need.memory_mib = asked_memory;
  return need;
}

int64_t UnaskedMemory(int64_t cores, const AllocationRule& rule) {
  if (rule.memory_per_core_mib > 0) {
    return cores * rule.memory_per_core_mib;
  }
  if (rule.cores_per_node <= 0) {
    return 0;
  }
  const Int128 parts = static_cast<Int128>(cores) * rule.memory_per_node_mib;
  return static_cast<int64_t>((parts + rule.cores_per_node - 1) / rule.cores_per_node);
}

ResourceAmounts AllocateWholeNodes(const RequestedShape& shape, const AllocationRule& rule) {
  return {.nodes = shape.nodes,
          .cores = shape.nodes * rule.cores_per_node,
          .accelerators = shape.nodes * rule.accelerators_per_node,
          .memory_mib = shape.nodes * rule.memory_per_node_mib};
}

}  // namespace

NodeNeed LargestNodeNeed(const RequestedShape& shape, const AllocationRule& rule) {
  return NeedForTasks(DivideUp(shape.tasks, shape.nodes), shape, rule);
}

ResourceAmounts Allocate(const RequestedShape& shape, const AllocationRule& rule) {
  CHECK(shape.nodes > 0 && shape.tasks > 0 && shape.cpus_per_task > 0);
  if (rule.whole_nodes || shape.exclusive) {
    return AllocateWholeNodes(shape, rule);
  }
  const int64_t tasks_least = shape.tasks / shape.nodes;
  const int64_t fuller_nodes = shape.tasks % shape.nodes;  // those with one task more
  const int64_t other_nodes = shape.nodes - fuller_nodes;
  const NodeNeed fuller = NeedForTasks(tasks_least + 1, shape, rule);
  const NodeNeed other = NeedForTasks(tasks_least, shape, rule);
  ResourceAmounts amounts{.nodes = shape.nodes,
                          .cores = fuller_nodes * fuller.cores + other_nodes * other.cores,
                          .accelerators = shape.nodes * shape.accelerators_per_node,
                          .memory_mib = fuller_nodes * fuller.memory_mib + other_nodes * other.memory_mib};
  if (amounts.memory_mib == 0) {
    amounts.memory_mib = UnaskedMemory(amounts.cores, rule);
  }
  return amounts;
}

Result<ResourceSeconds> HoldFor(const ResourceAmounts& amounts, std::chrono::seconds time) {
  ResourceSeconds use;
  const int64_t seconds = time.count();
  const bool overflow = __builtin_mul_overflow(amounts.nodes, seconds, &use.node_seconds) ||
                        __builtin_mul_overflow(amounts.cores, seconds, &use.core_seconds) ||
                        __builtin_mul_overflow(amounts.accelerators, seconds, &use.accelerator_seconds) ||
                        __builtin_mul_overflow(amounts.memory_mib, seconds, &use.memory_mib_seconds);
  if (overflow) {
    return OutOfRange("{} nodes, {} cores, {} accelerators and {} MiB for {} s are more than can be counted",
                      amounts.nodes, amounts.cores, amounts.accelerators, amounts.memory_mib, seconds);
  }
  return use;
}

}  // namespace turnpike
