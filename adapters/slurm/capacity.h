#pragma once
// Shares and the load of their pools, from what Slurm says about partitions, nodes and its queue.  Pure.

#include <vector>

#include "adapters/core/scheduler.h"
#include "adapters/slurm/scontrol_parser.h"
#include "adapters/slurm/settings.h"
#include "adapters/slurm/squeue_parser.h"

namespace turnpike::slurm {

// One share per entry of the settings (per visible partition where there is none).  A share whose partition is missing
// is closed. A pool is all the nodes of partitions that are connected through common nodes; its load is the same for
// all its shares.  A node of a share is described as most of its nodes are.
std::vector<ShareCapacity> ComputeCapacity(const SlurmSettings& settings, const std::vector<Partition>& partitions,
                                           const std::vector<Node>& nodes, const std::vector<QueueJob>& jobs);

// The partitions whose nodes are not all alike, for `check`.
std::vector<std::string> MixedPartitions(const std::vector<Node>& nodes, const SlurmSettings& settings);

}  // namespace turnpike::slurm
