#pragma once
// What a site will really hold, and bill, for a request: whole nodes where it gives nothing less, and the cores that
// belong to the memory asked for.  Holds of funds, quotes and free capacity all reckon with this, never with the bare
// request.

#include <chrono>
#include <cstdint>

#include "base/resources.h"
#include "base/status.h"

namespace turnpike {

// How a share allocates.
struct AllocationRule {
  bool whole_nodes = false;    // whole nodes, whatever a job asks for
  int64_t cores_per_node = 0;  // the node's shape
  int64_t accelerators_per_node = 0;
  int64_t memory_per_node_mib = 0;
  int64_t memory_per_core_mib = 0;  // memory that comes with one core; 0: no such rule
  std::chrono::seconds overrun{0};  // how long past the time limit the site may let a job run, and bill
};

// What a job asks for, defaults filled in.  Tasks are spread evenly; the first nodes take one more where they do not
// divide.
struct RequestedShape {
  int64_t nodes = 1;
  int64_t tasks = 1;
  int64_t cpus_per_task = 1;
  int64_t accelerators_per_node = 0;
  int64_t memory_per_node_mib = 0;  // 0: not asked
  int64_t memory_per_core_mib = 0;  // 0: not asked
  bool exclusive = false;           // whole nodes at the job's own wish
};

// The most that one node must give.
struct NodeNeed {
  int64_t cores = 1;
  int64_t memory_mib = 0;  // 0: not asked
};

NodeNeed LargestNodeNeed(const RequestedShape& shape, const AllocationRule& rule);
// Over all nodes.  Memory that was not asked for is what the rule gives with the cores, else the cores' part of the
// node.
ResourceAmounts Allocate(const RequestedShape& shape, const AllocationRule& rule);

// OUT_OF_RANGE instead of wrapping round.
Result<ResourceSeconds> HoldFor(const ResourceAmounts& amounts, std::chrono::seconds time);

}  // namespace turnpike
