#include "broker/core/score.h"

#include <gmock/gmock.h>

#include <limits>

#include "tests/broker/core/match_fixture.h"

namespace turnpike {
namespace {

constexpr MatchPolicy kPolicy;
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

CapacityNeed Cores(int64_t cores) {
  return NeedOf({.nodes = 1, .cores = cores}, ShareNamed("a", "b").info);
}

// 10 nodes of 64 cores, with so many idle, and so much work left in what runs.
PoolLoad PoolWith(int64_t cores_idle, int64_t core_seconds_running) {
  PoolLoad pool = ShareNamed("a", "b").load.pool;
  pool.cores_idle = cores_idle;
  pool.nodes_idle = cores_idle / 64;
  pool.core_seconds_running = core_seconds_running;
  return pool;
}

TEST(Wait, IsByFreeCoresAndTheWorkAhead) {
  struct Case {
    const char* name;
    int64_t cores;
    PoolLoad pool;
    int64_t waiting;
    int64_t seconds;
  };
  const Case cases[] = {
      {"fits, nobody waits", 1, PoolWith(1, 0), 0, 0},
      {"fits, but others wait", 1, PoolWith(1, 0), 640 * 100, 100},
      {"full: all of what runs must shrink by its part", 64, PoolWith(0, 640 * 1'000), 0, 100},
      {"full, nothing known of what runs", 1, PoolWith(0, 0), 0, 60},
      {"full and others wait", 64, PoolWith(0, 640 * 1'000), 640 * 50, 150},
      {"needs more than runs", 63, PoolWith(0, kMost / 2), 0, 366LL * 86'400 * 98'437 / 1'000'000},
      {"absurd queue", 1, PoolWith(1, 0), kMost, 366LL * 86'400},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(EstimateWait(Cores(each.cores), each.pool, each.waiting, kPolicy).count(), each.seconds) << each.name;
  }
}

TEST(Wait, ScarcestResourceDecides) {
  PoolLoad pool = PoolWith(640 - 64, 64 * 1'000);
  pool.accelerators_idle = 0;
  const CapacityNeed need = NeedOf({.nodes = 1, .cores = 1, .accelerators = 4}, ShareNamed("a", "b").info);
  EXPECT_EQ(EstimateWait(need, pool, 0, kPolicy).count(), 100);  // a tenth of the accelerators, 1,000 s left in each
}

TEST(Score, StartingAtOnceAtTheLowestPriceIsOne) {
  const Score score =
      ScoreOf({.time_limit = std::chrono::hours(1), .ceiling_micros = 5, .cheapest_micros = 5}, kPolicy);
  EXPECT_EQ(score.time_ppm, 1'000'000);
  EXPECT_EQ(score.price_ppm, 1'000'000);
  EXPECT_EQ(score.total(), 1'000'000'000);
}

TEST(Score, WaitCountsAgainstTheLimitButShortJobsAreNotNervous) {
  const auto time_ppm = [](std::chrono::seconds wait, std::chrono::seconds limit) {
    return ScoreOf({.wait = wait, .time_limit = limit}, kPolicy).time_ppm;
  };
  EXPECT_EQ(time_ppm(std::chrono::hours(1), std::chrono::hours(1)), 2'000'000);
  EXPECT_EQ(time_ppm(std::chrono::minutes(6), std::chrono::hours(1)), 1'100'000);
  EXPECT_EQ(time_ppm(std::chrono::seconds(60), std::chrono::seconds(1)), 1'100'000);
  EXPECT_EQ(time_ppm(std::chrono::hours(24 * 366), std::chrono::seconds(1)), 1'000'000'000);
}

TEST(Score, PriceIsRelativeToTheCheapest) {
  const auto price_ppm = [](int64_t ceiling, int64_t cheapest) {
    return ScoreOf({.ceiling_micros = ceiling, .cheapest_micros = cheapest}, kPolicy).price_ppm;
  };
  EXPECT_EQ(price_ppm(150, 100), 1'500'000);
  EXPECT_EQ(price_ppm(0, 0), 1'000'000);
  EXPECT_EQ(price_ppm(1, 0), 1'000'000'000);
  EXPECT_EQ(price_ppm(kMost, 1), 1'000'000'000);
  EXPECT_EQ(price_ppm(kMost, kMost), 1'000'000);
}

TEST(Score, ObjectiveDecidesBetweenSoonAndCheap) {
  // An hour's wait at the lowest price, or at once for half as much again or for thrice as much.
  const auto better_soon = [](Objective objective, int64_t price_of_soon) {
    ScoreInput later{.objective = objective,
                     .wait = std::chrono::hours(1),
                     .time_limit = std::chrono::hours(1),
                     .ceiling_micros = 100,
                     .cheapest_micros = 100};
    ScoreInput soon = later;
    soon.wait = std::chrono::seconds(0);
    soon.ceiling_micros = price_of_soon;
    return ScoreOf(soon, kPolicy).total() < ScoreOf(later, kPolicy).total();
  };
  EXPECT_TRUE(better_soon(Objective::kFastest, 300));
  EXPECT_TRUE(better_soon(Objective::kBalanced, 150));
  EXPECT_FALSE(better_soon(Objective::kBalanced, 300));
  EXPECT_FALSE(better_soon(Objective::kCheapest, 150));
}

TEST(Score, OtherPartDecidesTies) {
  for (const Objective objective : {Objective::kFastest, Objective::kCheapest}) {
    const ScoreInput same{.objective = objective,
                          .wait = {},
                          .time_limit = std::chrono::hours(1),
                          .ceiling_micros = 100,
                          .cheapest_micros = 100};
    ScoreInput worse = same;
    (objective == Objective::kFastest ? worse.ceiling_micros = 101 : (worse.wait = std::chrono::seconds(100)).count());
    EXPECT_LT(ScoreOf(same, kPolicy).total(), ScoreOf(worse, kPolicy).total());
  }
}

TEST(Score, PriceMaxFollowsTheObjective) {
  EXPECT_EQ(PriceMax(Objective::kFastest, 1'000, kPolicy), kMost);
  EXPECT_EQ(PriceMax(Objective::kBalanced, 1'000, kPolicy), 2'000);
  EXPECT_EQ(PriceMax(Objective::kCheapest, 1'000, kPolicy), 1'020);
  EXPECT_EQ(PriceMax(Objective::kBalanced, kMost, kPolicy), kMost);
  EXPECT_EQ(PriceMax(Objective::kCheapest, 0, kPolicy), 0);
}

TEST(Score, PackedKeyOrdersByScoreThenShare) {
  EXPECT_LT(PackKey(5, 9), PackKey(6, 0));
  EXPECT_LT(PackKey(5, 0), PackKey(5, 1));
  EXPECT_EQ(ShareOfKey(PackKey(int64_t{1} << 45U, kSharesMax - 1)), kSharesMax - 1);
  const Score worst = ScoreOf({.objective = Objective::kFastest,
                               .wait = std::chrono::hours(24 * 366),
                               .time_limit = std::chrono::seconds(1),
                               .ceiling_micros = kMost,
                               .cheapest_micros = 1},
                              {.time_scale_min = std::chrono::seconds(1)});
  EXPECT_GT(PackKey(worst.total(), 1), 0);
}

}  // namespace
}  // namespace turnpike
