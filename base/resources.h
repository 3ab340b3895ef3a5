#pragma once
// Amounts of what a site allocates, and their product with time, as whole numbers: what is charged for.

#include <cstdint>

namespace turnpike {

// What one job holds at one moment, over all its nodes.
struct ResourceAmounts {
  int64_t nodes = 0;
  int64_t cores = 0;
  int64_t accelerators = 0;
  int64_t memory_mib = 0;

  friend bool operator==(const ResourceAmounts&, const ResourceAmounts&) = default;
};

// What a job used over its life.  16,000 accelerators for 63 days are 8.7e10 accelerator-seconds.
struct ResourceSeconds {
  int64_t node_seconds = 0;
  int64_t core_seconds = 0;
  int64_t accelerator_seconds = 0;
  int64_t memory_mib_seconds = 0;

  friend bool operator==(const ResourceSeconds&, const ResourceSeconds&) = default;
};

}  // namespace turnpike
