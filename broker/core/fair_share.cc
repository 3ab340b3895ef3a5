#include "broker/core/fair_share.h"

#include <algorithm>
#include <limits>

#include "base/money.h"

namespace turnpike {

int64_t DayOf(Timestamp time) {
  return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
}

int64_t DecayedMicros(std::span<const DayCharge> charges, int64_t today, int64_t half_life_days) {
  const int64_t half_life = std::max<int64_t>(1, half_life_days);
  Int128 sum = 0;
  for (const DayCharge& charge : charges) {
    const int64_t age = std::max<int64_t>(0, today - charge.day);
    const int64_t halvings = age / half_life;
    if (halvings < kUsageHalvingsMax) {
      const int64_t whole = 2 * half_life * (int64_t{1} << halvings);
      sum += static_cast<Int128>(charge.charged_micros) * (2 * half_life - age % half_life) / whole;
    }
  }
  constexpr Int128 kMost = std::numeric_limits<int64_t>::max() / 4;
  return static_cast<int64_t>(std::clamp<Int128>(sum, 0, kMost));
}

int64_t TurnCost(int64_t held_micros) {
  return std::clamp<int64_t>(held_micros, 0, std::numeric_limits<int64_t>::max() / 4) + 1;
}

}  // namespace turnpike
