#include "broker/core/turn_order.h"

#include <gmock/gmock.h>

#include <map>
#include <random>

#include "tests/broker/core/match_fixture.h"

namespace turnpike {
namespace {

using ::testing::ElementsAre;

constexpr uint64_t kFlood = 1;
constexpr uint64_t kSmall = 2;

JobRequest Holding(int64_t micros) {
  JobRequest request = OneCore();
  request.budget_micros = micros;
  return request;
}

ProjectStanding Standing(uint64_t project, int64_t used_micros, int32_t weight = 1) {
  return {.project_id = IdFor<ProjectId>(project), .used_micros = used_micros, .weight = weight};
}

// Whose turn it was, if each job finds a place.
std::vector<JobId> Turns(const WaitingIndex& waiting, const std::vector<ProjectStanding>& standings, size_t most) {
  TurnOrder order(waiting, standings);
  for (ClassIndex i = 0; i < waiting.class_count(); ++i) {
    order.TakeIn(i);
  }
  std::vector<JobId> jobs;
  for (auto turn = order.Next(); turn && jobs.size() < most; turn = order.Next()) {
    jobs.push_back(turn->job->job_id);
    order.NotePlaced(*turn);
  }
  return jobs;
}

std::map<ProjectId, int> CountByProject(const WaitingIndex& waiting, const std::vector<JobId>& jobs) {
  std::map<ProjectId, int> counts;
  for (const JobId job : jobs) {
    ++counts[waiting.project_at(waiting.Find(job)->project)];
  }
  return counts;
}

TEST(TurnOrder, AProjectThatFloodsDoesNotPushOutAnother) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  for (int i = 0; i < 1'000; ++i) {
    fixture.Add(Holding(100), 1'000, kFlood);
  }
  std::vector<JobId> small;
  for (int i = 0; i < 5; ++i) {
    small.push_back(fixture.Add(Holding(100), 0, kSmall));
  }
  const std::vector<JobId> turns = Turns(fixture.waiting, {}, 1'005);
  ASSERT_EQ(turns.size(), 1'005U);
  for (size_t i = 0; i < small.size(); ++i) {
    EXPECT_EQ(turns[2 * i + 1], small[i]);
  }
}

TEST(TurnOrder, ProjectsInterleaveByTheirWeights) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  for (int i = 0; i < 400; ++i) {
    fixture.Add(Holding(100), 0, 1);
    fixture.Add(Holding(100), 0, 2);
    fixture.Add(Holding(300), 0, 3);
  }
  const auto counts =
      CountByProject(fixture.waiting, Turns(fixture.waiting, {Standing(1, 0, 3), Standing(2, 0, 1)}, 260));
  // Three jobs of the heavy one for each of the second, and the dear jobs a third as often.
  EXPECT_NEAR(counts.at(IdFor<ProjectId>(1)), 180, 3);
  EXPECT_NEAR(counts.at(IdFor<ProjectId>(2)), 60, 3);
  EXPECT_NEAR(counts.at(IdFor<ProjectId>(3)), 20, 3);
}

TEST(TurnOrder, WhoHasUsedLessCatchesUpFirst) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  const JobId spender = fixture.Add(Holding(100), 0, 1);
  const JobId first = fixture.Add(Holding(100), 0, 2);
  const JobId second = fixture.Add(Holding(100), 0, 2);
  const JobId third = fixture.Add(Holding(100), 0, 2);
  EXPECT_THAT(Turns(fixture.waiting, {Standing(1, 150)}, 9), ElementsAre(first, second, spender, third));
  // With ten times the weight, the same use is a tenth.
  EXPECT_THAT(Turns(fixture.waiting, {Standing(1, 150, 10)}, 9), ElementsAre(first, spender, second, third));
}

TEST(TurnOrder, PriorityCountsWithinAProjectOnly) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  const JobId low = fixture.Add(Holding(100), 0, 1);
  const JobId high = fixture.Add(Holding(200), 5, 1);
  const JobId other = fixture.Add(Holding(100), -5, 2);
  const JobId loud = fixture.Add(Holding(100), 1'000, 3);
  EXPECT_THAT(Turns(fixture.waiting, {}, 9), ElementsAre(high, other, loud, low));
}

TEST(TurnOrder, JobsWithoutAPriceTakeTurnsAsWell) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  const JobId a = fixture.Add(Holding(0), 0, 1);
  const JobId b = fixture.Add(Holding(0), 0, 1);
  const JobId c = fixture.Add(OneCore(), 0, 2);
  EXPECT_THAT(Turns(fixture.waiting, {}, 9), ElementsAre(a, c, b));
}

TEST(TurnOrder, AJobThatStaysCostsItsProjectNothing) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  fixture.Add(Holding(1'000'000), 0, 1);
  const JobId behind = fixture.Add(Holding(100), 0, 1);
  const JobId other = fixture.Add(Holding(100), 0, 2);
  TurnOrder order(fixture.waiting, {});
  order.TakeIn(0);
  order.TakeIn(1);
  const std::optional<TurnOrder::Turn> stays = order.Next();
  order.Close(stays->class_index);
  EXPECT_EQ(order.Next()->job->job_id, behind);
  EXPECT_EQ(order.Next()->job->job_id, other);
  EXPECT_FALSE(order.Next());
}

TEST(TurnOrder, CountsWhoseTurnComesBefore) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    std::mt19937_64 random(seed);
    MatchFixture fixture({ShareNamed("alpha", "main")});
    for (uint64_t i = random() % 60 + 1; i > 0; --i) {
      fixture.Add(Holding(static_cast<int64_t>(random() % 4) * 100), static_cast<int32_t>(random() % 3),
                  1 + random() % 4);
    }
    const std::vector<ProjectStanding> standings = {Standing(1, static_cast<int64_t>(random() % 500), 2),
                                                    Standing(3, static_cast<int64_t>(random() % 500))};
    const std::vector<JobId> turns = Turns(fixture.waiting, standings, 1'000);
    ASSERT_EQ(turns.size(), fixture.waiting.size()) << "seed " << seed;
    for (size_t i = 0; i < turns.size(); ++i) {
      EXPECT_EQ(CountBefore(fixture.waiting, standings, *fixture.waiting.Find(turns[i]), 1'000), i) << "seed " << seed;
      EXPECT_EQ(CountBefore(fixture.waiting, standings, *fixture.waiting.Find(turns[i]), 7), std::min<size_t>(i, 7));
    }
  }
}

// Whichever order the projects and jobs became known in.
TEST(TurnOrder, IsTheSameOnEveryReplica) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<std::pair<WaitingIndex::NewJob, JobRequest>> jobs;
    for (uint64_t i = 1; i <= 40; ++i) {
      jobs.push_back({{.job_id = IdFor<JobId>(i),
                       .version = 1,
                       .project_id = IdFor<ProjectId>(random() % 4),
                       .priority = static_cast<int32_t>(random() % 2),
                       .submit_time = kNow + std::chrono::seconds(random() % 3)},
                      Holding(static_cast<int64_t>(random() % 3))});
    }
    std::vector<std::vector<JobId>> orders;
    for (int replica = 0; replica < 2; ++replica) {
      WaitingIndex waiting;
      for (const auto& [job, request] : jobs) {
        waiting.Add(job, request);
      }
      orders.push_back(Turns(waiting, {Standing(2, 3)}, 100));
      std::ranges::shuffle(jobs, random);
    }
    EXPECT_EQ(orders[0], orders[1]) << "seed " << seed;
  }
}

}  // namespace
}  // namespace turnpike
