#include "broker/core/score.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/money.h"

namespace turnpike {
namespace {

constexpr int64_t kMillion = 1'000'000;
constexpr int64_t kThousand = 1'000;
constexpr int64_t kPpmMax = 1'000 * kMillion;  // a thousand times as long, or as dear: beyond, all is alike
constexpr int64_t kWaitMaxSeconds = int64_t{366} * 86'400;  // no estimate says more than a year
constexpr uint32_t kShareBits = 16;
// Of the objectives that look at one thing, the other one only decides ties.
constexpr int64_t kTieWeight = 1;

struct Weights {
  int64_t time;
  int64_t price;
};

Weights WeightsOf(Objective objective, const MatchPolicy& policy) {
  switch (objective) {
    case Objective::kBalanced:
      return {policy.balanced_time_weight, policy.balanced_price_weight};
    case Objective::kFastest:
      return {kThousand, kTieWeight};
    case Objective::kCheapest:
      return {kTieWeight, kThousand};
  }
  __builtin_unreachable();
}

// Which part of the busy resource must come free, in millionths: all of it where even that is not enough.
int64_t MissingPpm(int64_t needed, int64_t idle, int64_t total) {
  if (needed <= idle) {
    return 0;
  }
  const int64_t busy = std::max<int64_t>(1, total - idle);
  return std::min(needed - idle, busy) * kMillion / busy;
}

int64_t TimePpm(std::chrono::seconds wait, std::chrono::seconds time_limit, int64_t scale_min) {
  const int64_t scale = std::max<int64_t>({1, time_limit.count(), scale_min});
  return std::min(kPpmMax, kMillion + wait.count() * kMillion / scale);
}

int64_t PricePpm(int64_t ceiling_micros, int64_t cheapest_micros) {
  if (ceiling_micros <= cheapest_micros) {
    return kMillion;
  }
  if (cheapest_micros == 0) {
    return kPpmMax;
  }
  const Int128 ppm = static_cast<Int128>(ceiling_micros) * kMillion / cheapest_micros;
  return ppm < kPpmMax ? static_cast<int64_t>(ppm) : kPpmMax;
}

}  // namespace

int64_t QueueAheadSeconds(const PoolLoad& pool, int64_t core_seconds_waiting) {
  return std::min(core_seconds_waiting / std::max<int64_t>(1, pool.cores_total), kWaitMaxSeconds);
}

std::chrono::seconds WaitBehind(int64_t queue_ahead_seconds, const CapacityNeed& need, const PoolLoad& pool,
                                const MatchPolicy& policy) {
  if (FitsNow(need, pool)) {
    return std::chrono::seconds(queue_ahead_seconds);
  }
  const int64_t busy_cores = std::max<int64_t>(1, pool.cores_total - pool.cores_idle);
  const int64_t time_left = std::min(pool.core_seconds_running / busy_cores, kWaitMaxSeconds);
  const int64_t missing = std::max({
      MissingPpm(need.amounts.cores, pool.cores_idle, pool.cores_total),
      MissingPpm(need.amounts.accelerators, pool.accelerators_idle, pool.accelerators_total),
      need.whole_nodes ? MissingPpm(need.amounts.nodes, pool.nodes_idle, pool.nodes_total) : 0,
  });
  const int64_t wait = queue_ahead_seconds + time_left * missing / kMillion;
  return std::chrono::seconds(std::clamp<int64_t>(wait, policy.queue_wait_min.count(), kWaitMaxSeconds));
}

std::chrono::seconds EstimateWait(const CapacityNeed& need, const PoolLoad& pool, int64_t core_seconds_waiting,
                                  const MatchPolicy& policy) {
  return WaitBehind(QueueAheadSeconds(pool, core_seconds_waiting), need, pool, policy);
}

Score ScoreOf(const ScoreInput& input, const MatchPolicy& policy) {
  const ClassScore parts(input.objective, input.cheapest_micros, policy);
  Score score;
  score.time_ppm = TimePpm(input.wait, input.time_limit, policy.time_scale_min.count());
  score.price_ppm = PricePpm(input.ceiling_micros, input.cheapest_micros);
  score.time_points = parts.TimePoints(input.wait, input.time_limit);
  score.price_points = parts.PricePoints(input.ceiling_micros);
  return score;
}

ClassScore::ClassScore(Objective objective, int64_t cheapest_micros, const MatchPolicy& policy)
    : time_weight_(WeightsOf(objective, policy).time),
      price_weight_(WeightsOf(objective, policy).price),
      cheapest_micros_(cheapest_micros),
      time_scale_min_(policy.time_scale_min.count()) {}

int64_t ClassScore::TimePoints(std::chrono::seconds wait, std::chrono::seconds time_limit) const {
  return TimePpm(wait, time_limit, time_scale_min_) * time_weight_;
}

int64_t ClassScore::PricePoints(int64_t ceiling_micros) const {
  return PricePpm(ceiling_micros, cheapest_micros_) * price_weight_;
}

int64_t PriceMax(Objective objective, int64_t cheapest_micros, const MatchPolicy& policy) {
  constexpr int64_t kAnything = std::numeric_limits<int64_t>::max();
  if (objective == Objective::kFastest) {
    return kAnything;
  }
  const int64_t excess =
      objective == Objective::kCheapest ? policy.cheapest_price_excess_permille : policy.balanced_price_excess_permille;
  const Int128 most = static_cast<Int128>(cheapest_micros) * (kThousand + excess) / kThousand;
  return most < kAnything ? static_cast<int64_t>(most) : kAnything;
}

int64_t PackKey(int64_t score_total, uint32_t share) {
  CHECK(score_total >= 0 && score_total < (int64_t{1} << 46U) && share < kSharesMax);
  return (score_total << kShareBits) | share;
}

uint32_t ShareOfKey(int64_t key) {
  return static_cast<uint32_t>(key) & (kSharesMax - 1);
}

}  // namespace turnpike
