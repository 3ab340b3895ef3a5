#pragma once
// How good a share is for a job: fixed-point integers, lower is better, kept in their parts for explaining.

#include <chrono>
#include <cstdint>

#include "broker/core/federation.h"
#include "broker/core/filter.h"
#include "broker/core/job_request.h"
#include "broker/core/match_policy.h"

namespace turnpike {

// How long until the job would start here: 0 where it fits what is idle and nobody waits.
std::chrono::seconds EstimateWait(const CapacityNeed& need, const PoolLoad& pool, int64_t core_seconds_waiting,
                                  const MatchPolicy& policy);

// The same in two steps, of which the first holds until the queue changes.
int64_t QueueAheadSeconds(const PoolLoad& pool, int64_t core_seconds_waiting);
std::chrono::seconds WaitBehind(int64_t queue_ahead_seconds, const CapacityNeed& need, const PoolLoad& pool,
                                const MatchPolicy& policy);

struct Score {
  int64_t time_ppm = 0;      // (wait + limit) relative to the limit: 1'000'000 starts at once
  int64_t price_ppm = 0;     // ceiling relative to the cheapest eligible share: 1'000'000 is the cheapest
  int64_t time_points = 0;   // weighted
  int64_t price_points = 0;  // weighted
  int64_t total() const { return time_points + price_points; }
  friend bool operator==(const Score&, const Score&) = default;
};

struct ScoreInput {
  Objective objective = Objective::kBalanced;
  std::chrono::seconds wait{0};
  std::chrono::seconds time_limit{0};
  int64_t ceiling_micros = 0;
  int64_t cheapest_micros = 0;  // among the eligible shares
};
Score ScoreOf(const ScoreInput& input, const MatchPolicy& policy);

// The two parts of the total for one class, of which only the first changes within a round.
class ClassScore {
 public:
  ClassScore(Objective objective, int64_t cheapest_micros, const MatchPolicy& policy);
  int64_t TimePoints(std::chrono::seconds wait, std::chrono::seconds time_limit) const;
  int64_t PricePoints(int64_t ceiling_micros) const;

 private:
  int64_t time_weight_;
  int64_t price_weight_;
  int64_t cheapest_micros_;
  int64_t time_scale_min_;
};

// The most that a share may cost under this objective, given the cheapest; INT64_MAX: anything.
int64_t PriceMax(Objective objective, int64_t cheapest_micros, const MatchPolicy& policy);

// Score and share in one number, so that the least one is the best share and ties go to the earlier share.
int64_t PackKey(int64_t score_total, uint32_t share);
uint32_t ShareOfKey(int64_t key);

}  // namespace turnpike
