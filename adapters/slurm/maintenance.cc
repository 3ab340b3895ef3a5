#include "adapters/slurm/maintenance.h"

#include <algorithm>
#include <set>

namespace turnpike::slurm {
namespace {

std::string PartitionOf(const SlurmSettings& settings, const std::string& share) {
  for (const SlurmShare& offered : settings.shares) {
    if ((offered.name.empty() ? offered.partition : offered.name) == share) return offered.partition;
  }
  return share;
}

bool Covers(const Reservation& reservation, const std::string& partition, const std::vector<Node>& nodes) {
  const std::set<std::string> reserved(reservation.nodes.begin(), reservation.nodes.end());
  bool any = false;
  for (const Node& node : nodes) {
    const bool inside = std::find(node.partitions.begin(), node.partitions.end(), partition) != node.partitions.end();
    if (!inside || !node.usable()) continue;
    if (!reserved.contains(node.name)) return false;
    any = true;
  }
  return any;
}

}  // namespace

void AddMaintenance(const SlurmSettings& settings, const std::vector<Node>& nodes,
                    const std::vector<Reservation>& reservations, std::vector<ShareCapacity>& shares) {
  for (ShareCapacity& share : shares) {
    for (const Reservation& reservation : reservations) {
      if (reservation.maintenance && Covers(reservation, PartitionOf(settings, share.name), nodes)) {
        share.maintenance.push_back(
            {.start = reservation.start, .end = reservation.end, .reason = "reservation " + reservation.name});
      }
    }
    std::sort(share.maintenance.begin(), share.maintenance.end(),
              [](const ShareMaintenance& left, const ShareMaintenance& right) { return left.start < right.start; });
  }
}

}  // namespace turnpike::slurm
