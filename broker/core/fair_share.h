#pragma once
// How much of the federation each project has had lately, and what its part is: by this the projects take turns
// (turn_order.h).  Charges are kept by day and fade; whole numbers, so that every replica finds the same.

#include <cstdint>
#include <span>

#include "base/ids.h"
#include "base/time.h"

namespace turnpike {

constexpr int64_t kUsageHalvingsMax = 10;  // what is older counts for nothing: a thousandth of it is left
constexpr int32_t kProjectWeightMax = 1'000;

// Days since 1970 in UTC.
int64_t DayOf(Timestamp time);

// What a project was charged on one day, less what came back on it.
struct DayCharge {
  int64_t day = 0;
  int64_t charged_micros = 0;
};

// Half of a charge is left after each half-life, at least one day; between two halvings it fades in a straight line.
int64_t DecayedMicros(std::span<const DayCharge> charges, int64_t today, int64_t half_life_days);

// Where a project stands; one that is not named has used nothing and weighs 1.
struct ProjectStanding {
  ProjectId project_id;
  int64_t used_micros = 0;  // decayed charges, and what its jobs at sites hold
  int32_t weight = 1;
  friend bool operator==(const ProjectStanding&, const ProjectStanding&) = default;
};

// What a job counts for from its placement on: what it holds, and a little, so that jobs without a price take turns as
// well.
int64_t TurnCost(int64_t held_micros);

}  // namespace turnpike
