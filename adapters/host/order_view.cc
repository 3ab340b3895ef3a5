#include "adapters/host/order_view.h"

#include <algorithm>

namespace turnpike {

ResourceAmounts AmountsOf(const OrderView& order) {
  ResourceAmounts amounts;
  amounts.nodes = std::max(order.nodes, 1);
  const int64_t tasks = std::max<int64_t>(order.tasks, amounts.nodes);
  amounts.cores = tasks * std::max(order.cpus_per_task, 1);
  amounts.accelerators = amounts.nodes * order.accelerators_per_node;
  amounts.memory_mib = order.memory_per_node_mib > 0 ? amounts.nodes * order.memory_per_node_mib
                                                     : amounts.cores * order.memory_per_cpu_mib;
  return amounts;
}

}  // namespace turnpike
