// The matcher against a slow one that is plainly right: every job looks at every share anew.

#include <gmock/gmock.h>

#include <map>
#include <random>
#include <set>
#include <tuple>

#include "broker/core/evaluate.h"
#include "broker/core/turn_order.h"
#include "tests/broker/core/random_federation.h"

namespace turnpike {
namespace {

class SlowMatcher {
 public:
  SlowMatcher(const MatchFixture& fixture, const std::vector<SharePause>& pauses)
      : fixture_(fixture), pauses_(pauses), view_(fixture.federation) {
    for (const ShareView& share : view_.shares) {
      const int64_t nodes = view_.pools[share.pool].load.nodes_total;
      buffer_room_.push_back(fixture.policy.buffer_base + nodes * fixture.policy.buffer_permille_of_nodes / 1'000 -
                             share.buffered);
    }
  }

  std::vector<std::pair<JobId, uint32_t>> Run() {
    std::vector<std::pair<JobId, uint32_t>> placed;
    std::vector<WaitingJob> left = Jobs();
    while (!left.empty()) {
      const auto next = std::ranges::min_element(left, [&](const WaitingJob& one, const WaitingJob& other) {
        return one.project == other.project ? PlacementOrder()(one, other) : HasTurnBefore(one, other, left);
      });
      const WaitingJob job = *next;
      left.erase(next);
      if (const std::optional<uint32_t> share = Choose(job)) {
        placed.emplace_back(job.job_id, *share);
        used_[job.project] += TurnCostOf(fixture_.waiting.class_at(job.class_index).request);
      }
    }
    return placed;
  }

 private:
  std::vector<WaitingJob> Jobs() const {
    std::vector<WaitingJob> jobs;
    for (ClassIndex i = 0; i < fixture_.waiting.class_count(); ++i) {
      const ClassQueue& queue = fixture_.waiting.class_at(i).queue;
      jobs.insert(jobs.end(), queue.begin(), queue.end());
    }
    return jobs;
  }

  ProjectStanding StandingOf(ProjectIndex project) const {
    const ProjectId id = fixture_.waiting.project_at(project);
    const auto found = std::ranges::find(fixture_.standings, id, &ProjectStanding::project_id);
    ProjectStanding standing = found == fixture_.standings.end() ? ProjectStanding{.project_id = id} : *found;
    const auto used = used_.find(project);
    standing.used_micros += used == used_.end() ? 0 : used->second;
    return standing;
  }

  static const WaitingJob& FirstOf(ProjectIndex project, const std::vector<WaitingJob>& left) {
    const WaitingJob* first = nullptr;
    for (const WaitingJob& job : left) {
      if (job.project == project && (first == nullptr || PlacementOrder()(job, *first))) {
        first = &job;
      }
    }
    return *first;
  }

  // Of two projects.
  bool HasTurnBefore(const WaitingJob& one, const WaitingJob& other, const std::vector<WaitingJob>& left) const {
    const ProjectStanding of_one = StandingOf(one.project);
    const ProjectStanding of_other = StandingOf(other.project);
    const WaitingJob& first = FirstOf(one.project, left);
    const WaitingJob& second = FirstOf(other.project, left);
    return std::tuple(of_one.used_micros * of_other.weight, first.submit_time, first.job_id) <
           std::tuple(of_other.used_micros * of_one.weight, second.submit_time, second.job_id);
  }

  // Against the shares as they were: what a job may cost does not change within a round.
  std::vector<FilterVerdict> Verdicts(const JobRequest& request, int64_t& cheapest) const {
    std::vector<FilterVerdict> verdicts;
    cheapest = INT64_MAX;
    for (uint32_t i = 0; i < view_.shares.size(); ++i) {
      const ShareView& share = fixture_.federation.shares[i];
      const ShareCandidate candidate{fixture_.federation.SiteOf(share),
                                     share,
                                     fixture_.federation.pools[share.pool].load,
                                     RatesIn(fixture_.prices, request.price_list, i),
                                     &fixture_.network,
                                     nullptr,
                                     kNow};
      verdicts.push_back(Filter(request, candidate, fixture_.policy));
      if (!verdicts.back().refusal) {
        cheapest = std::min(cheapest, verdicts.back().fit.ceiling_micros);
      }
    }
    return verdicts;
  }

  bool Paused(const WaitingJob& job, uint32_t share) const {
    return std::ranges::any_of(pauses_, [&](const SharePause& pause) {
      return pause.share == share && pause.until > kNow && pause.project_id == fixture_.waiting.project_at(job.project);
    });
  }

  // With what the round has taken so far: before its deadline, around maintenance, one job of a share under trial.
  bool MayStartAt(uint32_t index, const JobRequest& request, const Fit& fit) const {
    const ShareView& share = view_.shares[index];
    const PoolLoad& pool = view_.pools[share.pool].load;
    const RunSpan run{kNow + EstimateWait(fit.need, pool, share.load.core_seconds_waiting, fixture_.policy),
                      fit.time_limit};
    const bool in_time = !request.deadline || run.start + run.time_limit <= *request.deadline;
    const bool second_on_trial = taken_.contains(index) && StateOf(share.breaker, kNow) == BreakerState::kHalfOpen;
    const bool before_work = std::ranges::none_of(share.load.windows, [&](const MaintenanceWindow& window) {
      return window.end > kNow + fit.wait && window.start < run.start + run.time_limit;
    });
    return in_time && !second_on_trial && before_work;
  }

  std::optional<uint32_t> Choose(const WaitingJob& job) {
    const JobRequest& request = fixture_.waiting.class_at(job.class_index).request;
    int64_t cheapest = 0;
    const std::vector<FilterVerdict> verdicts = Verdicts(request, cheapest);
    std::optional<uint32_t> best;
    int64_t best_score = 0;
    for (uint32_t i = 0; i < verdicts.size(); ++i) {
      const Fit& fit = verdicts[i].fit;
      ShareView& share = view_.shares[i];
      const PoolLoad& pool = view_.pools[share.pool].load;
      if (verdicts[i].refusal || Paused(job, i) ||
          fit.ceiling_micros > PriceMax(ObjectiveOf(request), cheapest, fixture_.policy) ||
          !MayStartAt(i, request, fit) || view_.sites[share.site].offer_room <= 0 ||
          (!FitsNow(fit.need, pool) && buffer_room_[i] <= 0)) {
        continue;
      }
      const int64_t score =
          ScoreOf({ObjectiveOf(request), EstimateWait(fit.need, pool, share.load.core_seconds_waiting, fixture_.policy),
                   fit.time_limit, fit.ceiling_micros, cheapest},
                  fixture_.policy)
              .total();
      if (!best || score < best_score) {
        best = i;
        best_score = score;
      }
    }
    if (best) {
      Take(*best, verdicts[*best].fit);
    }
    return best;
  }

  void Take(uint32_t index, const Fit& fit) {
    ShareView& share = view_.shares[index];
    PoolLoad& pool = view_.pools[share.pool].load;
    --view_.sites[share.site].offer_room;
    taken_.insert(index);
    const int64_t work = fit.need.amounts.cores * fit.time_limit.count();
    if (FitsNow(fit.need, pool)) {
      TakeCapacity(fit.need, pool);
      pool.core_seconds_running += work;
    } else {
      --buffer_room_[index];
      share.load.core_seconds_waiting += work;
    }
  }

  const MatchFixture& fixture_;
  const std::vector<SharePause>& pauses_;
  FederationView view_;
  std::vector<int64_t> buffer_room_;
  std::map<ProjectIndex, int64_t> used_;  // in this round
  std::set<uint32_t> taken_;
};

TEST(MatcherReference, DecidesAsTheSlowOneOnRandomCases) {
  size_t placed = 0;
  size_t buffered = 0;
  size_t refused = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    const MatchFixture fixture = RandomFixture(random);
    const std::vector<SharePause> pauses = RandomPauses(random, fixture);
    const Plan plan = fixture.Run(pauses);
    std::vector<std::pair<JobId, uint32_t>> decided;
    for (const Assignment& assignment : plan.assignments) {
      decided.emplace_back(assignment.job_id, assignment.share);
      buffered += assignment.fits_now ? 0 : 1;
    }
    ASSERT_EQ(decided, SlowMatcher(fixture, pauses).Run()) << "seed " << seed;
    ASSERT_FALSE(plan.cut_short);
    placed += decided.size();
    refused += plan.refusals.size();
  }
  // The cases are worth something: all three outcomes are common.
  EXPECT_GT(placed, 2'000U);
  EXPECT_GT(buffered, 250U);
  EXPECT_GT(refused, 500U);
}

TEST(MatcherReference, SamePlanEachTime) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    const MatchFixture fixture = RandomFixture(random);
    EXPECT_EQ(fixture.Run(), fixture.Run()) << "seed " << seed;
  }
}

// The order in which sites and shares became known plays no part.
TEST(MatcherReference, OrderOfArrivalDoesNotMatter) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<ShareStatus> shares;
    for (int i = 0; i < 8; ++i) {
      shares.push_back(RandomShare(random, "s" + std::to_string(i % 3), "q" + std::to_string(i)));
    }
    MatchFixture one(shares);
    std::ranges::shuffle(shares, random);
    MatchFixture other(shares);
    for (int i = 0; i < 60; ++i) {
      const JobRequest request = RandomRequest(random);
      one.Add(request);
      other.Add(request);
    }
    EXPECT_EQ(one.Run(), other.Run()) << "seed " << seed;
  }
}

TEST(MatcherReference, NothingIsGivenTwiceWithinAPlan) {
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    std::mt19937_64 random(seed);
    const MatchFixture fixture = RandomFixture(random);
    std::vector<ResourceAmounts> used(fixture.federation.pools.size());
    std::vector<int64_t> buffered(fixture.federation.shares.size());
    for (const Assignment& assignment : fixture.Run().assignments) {
      ResourceAmounts& pool = used[fixture.federation.shares[assignment.share].pool];
      buffered[assignment.share] += assignment.fits_now ? 0 : 1;
      if (assignment.fits_now) {
        pool.cores += assignment.amounts.cores;
        pool.accelerators += assignment.amounts.accelerators;
        pool.nodes += assignment.amounts.cores == 64 * assignment.amounts.nodes ? assignment.amounts.nodes : 0;
      }
    }
    for (size_t i = 0; i < used.size(); ++i) {
      const PoolLoad& load = fixture.federation.pools[i].load;
      EXPECT_LE(used[i].cores, load.cores_idle) << "seed " << seed;
      EXPECT_LE(used[i].accelerators, load.accelerators_idle) << "seed " << seed;
      EXPECT_LE(used[i].nodes, load.nodes_idle) << "seed " << seed;
    }
    for (size_t i = 0; i < buffered.size(); ++i) {
      const PoolLoad& load = fixture.federation.pools[fixture.federation.shares[i].pool].load;
      EXPECT_LE(buffered[i],
                fixture.policy.buffer_base + load.nodes_total * fixture.policy.buffer_permille_of_nodes / 1'000)
          << "seed " << seed;
    }
  }
}

// A quote for one job names the share that a round with this job alone would take.
TEST(MatcherReference, QuoteAgreesWithTheMatcher) {
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    std::mt19937_64 random(seed);
    MatchFixture fixture = RandomFixture(random);
    fixture.waiting = WaitingIndex();
    const JobRequest request = RandomRequest(random);
    fixture.Add(request);
    const Plan plan = fixture.Run();
    const Evaluation evaluation = Evaluate(request, fixture.Setting());
    ASSERT_EQ(evaluation.best.has_value(), !plan.assignments.empty()) << "seed " << seed;
    if (evaluation.best) {
      const ShareVerdict& verdict = evaluation.verdicts[*evaluation.best];
      EXPECT_EQ(*evaluation.best, plan.assignments[0].share) << "seed " << seed;
      EXPECT_EQ(verdict.score, plan.assignments[0].score);
      EXPECT_EQ(verdict.expected_start, plan.assignments[0].expected_start);
      EXPECT_EQ(verdict.expected_end, plan.assignments[0].expected_end);
      EXPECT_LE(plan.assignments[0].ceiling_micros, evaluation.ceiling_max_micros);
      EXPECT_GE(plan.assignments[0].ceiling_micros, evaluation.ceiling_min_micros);
    } else {
      for (const ShareRefusal& refusal : plan.refusals[0].refusals) {
        EXPECT_EQ(evaluation.verdicts[refusal.share].refusal, refusal.reason) << "seed " << seed;
      }
    }
  }
}

}  // namespace
}  // namespace turnpike
