#pragma once
// What the federation decides about matching.  Every number is a whole one, so that equal inputs give equal plans
// everywhere.

#include <chrono>
#include <cstdint>

namespace turnpike {

struct MatchPolicy {
  int64_t version = 1;                        // recorded with every round
  std::chrono::seconds site_silence_max{60};  // a connected site whose figures are older gets nothing new
  std::chrono::seconds load_age_max{900};     // the same for a share's load
  // How many unstarted jobs a share may hold beyond what it can start at once: base + permille of its pool's nodes.
  int32_t buffer_base = 4;
  int32_t buffer_permille_of_nodes = 50;
  int32_t assignments_max = 1'000;  // of one round
  // Weights of finish time and price, in thousandths.
  int32_t balanced_time_weight = 500;
  int32_t balanced_price_weight = 500;
  // A share may cost at most this much more than the cheapest one that could run the job now or later, in thousandths.
  int32_t balanced_price_excess_permille = 1'000;
  int32_t cheapest_price_excess_permille = 20;
  // Waits count relative to the time limit, but not to less than this.
  std::chrono::seconds time_scale_min{600};
  // Half of what a project was charged is left after so many days when projects take turns (fair_share.h).
  int32_t usage_half_life_days = 7;
  // A job that does not fit now waits at least this long, whatever the figures say.
  std::chrono::seconds queue_wait_min{60};
};

}  // namespace turnpike
