#pragma once
// The record of one round of placement, as it is stored: enough to run the round again.  Records of one lease form
// chains: a complete one, then what changed from each to the next.  Values.

#include <cstdint>
#include <string>

#include "base/time.h"

namespace turnpike {

// Of the bytes below; raised with every change of what a round takes or decides (round_fields.h).
constexpr int64_t kRoundFormat = 2;

struct RoundRecord {
  int64_t lease_epoch = 0;     // of the lease that it was decided under
  int64_t number = 0;          // in its chain; 0: complete
  Timestamp at{};              // the round's time
  int64_t policy_version = 0;  // MatchPolicy::version
  int64_t waiting = 0;         // jobs
  int64_t placed = 0;          // of them, by the plan
  std::string input;
  std::string plan;

  bool is_complete() const { return number == 0; }
  size_t bytes() const { return input.size() + plan.size(); }
};

}  // namespace turnpike
