#pragma once
// What a round decided, as its record keeps it: each placement with all its figures, and of each class that stayed a
// checksum of why, share by share.  Values.

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "broker/core/matcher.h"

namespace turnpike {

// A chain of records numbers its classes in the order in which it meets them.
using ClassNumbers = absl::flat_hash_map<Uuid, int64_t>;

struct RecordedRefusal {
  int64_t class_number = 0;
  std::optional<ProjectId> project_id;  // as in ClassRefusal
  uint32_t checksum = 0;                // of its refusals
  friend bool operator==(const RecordedRefusal&, const RecordedRefusal&) = default;
};

struct RecordedPlan {
  std::vector<Assignment> assignments;    // in the order of turns
  std::vector<RecordedRefusal> refusals;  // by class number and project
  bool cut_short = false;
  friend bool operator==(const RecordedPlan&, const RecordedPlan&) = default;
};

// Every class that is refused has its number.
RecordedPlan RecordOf(const Plan& plan, const WaitingIndex& waiting, const ClassNumbers& numbers);

// Refusals are written as what changed since the last record's, which is replaced.
std::string EncodePlan(const RecordedPlan& plan, std::string& refusals);
Result<RecordedPlan> DecodePlan(std::string_view bytes, std::string& refusals);

}  // namespace turnpike
