#include "adapters/slurm/capacity.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "adapters/slurm/state_map.h"

namespace turnpike::slurm {
namespace {

constexpr std::chrono::hours kUnlimitedCountsAs{24 * 7};  // the load of a job without a time limit

struct Shape {
  int cores = 0;
  int64_t memory_mib = 0;
  int64_t accelerators = 0;
  std::string accelerator_model;
  std::string cpu_architecture;
  friend auto operator<=>(const Shape&, const Shape&) = default;
};

// The model of the first resource on the node that the operator's list names; the list goes from the particular to the
// general.
std::string ModelOf(const Node& node, const SlurmSettings& settings) {
  for (const SlurmAccelerator& accelerator : settings.accelerators) {
    for (const auto& [name, count] : node.gres) {
      const bool same = name == accelerator.gres || name.starts_with(accelerator.gres + ":");
      if (same && count > 0) return accelerator.model;
    }
  }
  return {};
}

Shape ShapeOf(const Node& node, const SlurmSettings& settings) {
  return {node.cpus, node.memory_mib, CountAccelerators(node.gres, settings.accelerators), ModelOf(node, settings),
          node.cpu_architecture};
}

bool IsIn(const Node& node, const std::string& partition) {
  return std::find(node.partitions.begin(), node.partitions.end(), partition) != node.partitions.end();
}

// Partition -> pool: partitions with a common node are in one, named after the first of them.
std::map<std::string, std::string> ConnectPools(const std::vector<Partition>& partitions,
                                                const std::vector<Node>& nodes) {
  std::map<std::string, std::string> parent;
  for (const Partition& partition : partitions) parent[partition.name] = partition.name;
  const auto root = [&parent](std::string name) {
    while (parent[name] != name) name = parent[name];
    return name;
  };
  for (const Node& node : nodes) {
    for (const std::string& name : node.partitions) {
      if (!parent.contains(name) || !parent.contains(node.partitions.front())) continue;
      const std::string one = root(name);
      const std::string other = root(node.partitions.front());
      parent[std::max(one, other)] = std::min(one, other);
    }
  }
  std::map<std::string, std::string> pools;
  for (const Partition& partition : partitions) pools[partition.name] = root(partition.name);
  return pools;
}

void DescribeNode(const SlurmSettings& settings, const std::string& partition, const std::vector<Node>& nodes,
                  ShareCapacity& share) {
  std::map<Shape, int> counts;
  for (const Node& node : nodes) {
    if (IsIn(node, partition)) ++counts[ShapeOf(node, settings)];
  }
  if (counts.empty()) return;
  const Shape& shape = std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
                         return std::tie(a.second, a.first) < std::tie(b.second, b.first);
                       })->first;
  share.cpu_architecture = shape.cpu_architecture;
  share.cores_per_node = shape.cores;
  share.memory_per_node_mib = shape.memory_mib;
  share.accelerator_model = shape.accelerator_model;
  share.accelerators_per_node = static_cast<int>(shape.accelerators);
}

void AddPoolLoad(const SlurmSettings& settings, const std::set<std::string>& members, const std::vector<Node>& nodes,
                 ShareCapacity& share) {
  for (const Node& node : nodes) {
    const bool inside = std::any_of(node.partitions.begin(), node.partitions.end(),
                                    [&members](const std::string& name) { return members.contains(name); });
    if (!inside || !node.usable()) continue;
    const int64_t accelerators = CountAccelerators(node.gres, settings.accelerators);
    const int64_t used = CountAccelerators(node.gres_used, settings.accelerators);
    ++share.nodes_total;
    share.nodes_idle += node.idle() ? 1 : 0;
    share.cores_total += node.cpus;
    share.cores_idle += std::max(0, node.cpus - node.cpus_allocated);
    share.accelerators_total += accelerators;
    share.accelerators_idle += std::max<int64_t>(0, accelerators - used);
  }
}

bool Waits(const QueueJob& job, const std::string& partition) {
  for (size_t at = 0; at < job.partition.size();) {
    const size_t end = std::min(job.partition.find(',', at), job.partition.size());
    if (job.partition.compare(at, end - at, partition) == 0) return true;
    at = end + 1;
  }
  return false;
}

void AddQueueLoad(const std::string& partition, const std::set<std::string>& members, const std::vector<QueueJob>& jobs,
                  ShareCapacity& share) {
  for (const QueueJob& job : jobs) {
    const StateMeaning* meaning = FindState(job.state);
    if (meaning == nullptr) continue;
    const std::chrono::seconds limit = job.time_limit.value_or(kUnlimitedCountsAs);
    if (meaning->state == LocalState::kPending && Waits(job, partition)) {
      ++share.jobs_waiting;
      share.core_seconds_waiting += job.cpus * limit.count();
    } else if (meaning->state == LocalState::kRunning && members.contains(job.partition)) {
      share.core_seconds_running += job.cpus * std::max<int64_t>(0, (limit - job.elapsed).count());
    }
  }
}

std::vector<SlurmShare> Offered(const SlurmSettings& settings, const std::vector<Partition>& partitions) {
  std::vector<SlurmShare> shares = settings.shares;
  if (shares.empty()) {
    for (const Partition& partition : partitions) {
      if (partition.hidden) continue;
      shares.emplace_back();
      shares.back().partition = partition.name;
    }
  }
  for (SlurmShare& share : shares) {
    if (share.name.empty()) share.name = share.partition;
  }
  return shares;
}

void AddLimits(const SlurmShare& offered, const Partition& partition, ShareCapacity& share) {
  share.time_limit_max = partition.time_limit_max.value_or(std::chrono::seconds(0));
  // Without a default of its own a partition gives its longest time.
  share.time_limit_default = partition.time_limit_default.value_or(share.time_limit_max);
  share.nodes_max = partition.nodes_max;
  share.whole_nodes = offered.whole_nodes || partition.whole_nodes;
  share.overrun = offered.overrun.count() > 0 ? offered.overrun : partition.overrun.value_or(std::chrono::seconds(0));
  if (partition.state != "UP") {
    share.open = false;
    share.closed_reason = fmt::format("partition {} is {}", partition.name, partition.state);
  } else if (share.nodes_total == 0) {
    share.open = false;
    share.closed_reason = fmt::format("no node of partition {} is usable", partition.name);
  }
}

}  // namespace

std::vector<ShareCapacity> ComputeCapacity(const SlurmSettings& settings, const std::vector<Partition>& partitions,
                                           const std::vector<Node>& nodes, const std::vector<QueueJob>& jobs) {
  const std::map<std::string, std::string> pools = ConnectPools(partitions, nodes);
  std::vector<ShareCapacity> shares;
  for (const SlurmShare& offered : Offered(settings, partitions)) {
    ShareCapacity share;
    share.name = offered.name;
    share.cores_max = offered.cores_max;
    share.memory_per_core_mib = offered.memory_per_core_mib;
    share.environment = offered.environment;
    const auto partition = std::find_if(partitions.begin(), partitions.end(),
                                        [&offered](const Partition& other) { return other.name == offered.partition; });
    if (partition == partitions.end()) {
      share.open = false;
      share.closed_reason = fmt::format("partition {} does not exist", offered.partition);
    } else {
      const std::string& pool = pools.at(offered.partition);
      share.pool = offered.pool.empty() ? pool : offered.pool;
      std::set<std::string> members;
      for (const auto& [name, other_pool] : pools) {
        if (other_pool == pool) members.insert(name);
      }
      DescribeNode(settings, offered.partition, nodes, share);
      AddPoolLoad(settings, members, nodes, share);
      AddQueueLoad(offered.partition, members, jobs, share);
      AddLimits(offered, *partition, share);
    }
    shares.push_back(std::move(share));
  }
  return shares;
}

std::vector<std::string> MixedPartitions(const std::vector<Node>& nodes, const SlurmSettings& settings) {
  std::map<std::string, std::set<Shape>> shapes;
  for (const Node& node : nodes) {
    for (const std::string& partition : node.partitions) shapes[partition].insert(ShapeOf(node, settings));
  }
  std::vector<std::string> mixed;
  for (const auto& [partition, kinds] : shapes) {
    if (kinds.size() > 1) mixed.push_back(partition);
  }
  return mixed;
}

}  // namespace turnpike::slurm
