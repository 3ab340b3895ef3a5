#include "broker/core/matcher.h"

#include <gmock/gmock.h>

#include "broker/core/reason.h"
#include "tests/broker/core/match_fixture.h"

namespace turnpike {
namespace {

// Fills the pool, with so much left to run per core.
void Fill(PoolLoad& pool, std::chrono::seconds left) {
  pool.nodes_idle = pool.cores_idle = pool.accelerators_idle = 0;
  pool.core_seconds_running = pool.cores_total * left.count();
}

RefusalReason ReasonAt(const Plan& plan, size_t refusal, uint32_t share) {
  return plan.refusals.at(refusal).refusals.at(share).reason;
}

TEST(Matcher, PrefersCheaperSiteWhenTimeTies) {
  MatchFixture fixture({ShareNamed("alpha", "main"), ShareNamed("beta", "main")});
  fixture.SetRate("beta/main", 19'999);
  fixture.Add(OneCore());
  EXPECT_EQ(fixture.Placements(fixture.Run()), "1 beta/main");
}

TEST(Matcher, PrefersEarlierStartWhenPriceTies) {
  MatchFixture fixture({ShareNamed("alpha", "main"), ShareNamed("beta", "main")});
  fixture.Share("alpha/main").load.core_seconds_waiting = 640 * 100;
  for (const Objective objective : {Objective::kBalanced, Objective::kFastest, Objective::kCheapest}) {
    JobRequest request = OneCore();
    request.objective = objective;
    fixture.Add(request);
  }
  EXPECT_EQ(fixture.Placements(fixture.Run()), "1 beta/main, 2 beta/main, 3 beta/main");
}

TEST(Matcher, FirstShareWinsATie) {
  MatchFixture fixture({ShareNamed("beta", "main"), ShareNamed("alpha", "b"), ShareNamed("alpha", "a")});
  fixture.Add(OneCore());
  EXPECT_EQ(fixture.Placements(fixture.Run()), "1 alpha/a");
}

TEST(Matcher, AssignmentCarriesWhatTheOfferNeeds) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  fixture.Share("alpha/main").load.core_seconds_waiting = 640 * 30;
  const JobId job_id = fixture.Add(WholeNodes(2));
  fixture.waiting.UpdateVersion(job_id, 8);
  const Plan plan = fixture.Run();
  ASSERT_EQ(plan.assignments.size(), 1U);
  const Assignment& assignment = plan.assignments[0];
  EXPECT_EQ(assignment.job_id, job_id);
  EXPECT_EQ(assignment.version, 8);
  EXPECT_EQ(assignment.amounts, (ResourceAmounts{2, 128, 8, 512'000}));
  EXPECT_EQ(assignment.time_limit, std::chrono::hours(1));
  EXPECT_EQ(assignment.ceiling_micros, 128 * 20'000);
  EXPECT_EQ(assignment.expected_start, kNow + std::chrono::seconds(30));
  EXPECT_EQ(assignment.expected_end, kNow + std::chrono::seconds(3'630));
  EXPECT_TRUE(assignment.fits_now);
  EXPECT_TRUE(plan.refusals.empty());
}

TEST(Matcher, PlacesInOrderOfPriority) {
  MatchFixture fixture({ShareNamed("alpha", "main", 1)});
  fixture.policy.buffer_base = fixture.policy.buffer_permille_of_nodes = 0;
  fixture.Add(WholeNodes(1));
  fixture.Add(WholeNodes(1), 10);
  EXPECT_EQ(fixture.Placements(fixture.Run()), "2 alpha/main");
}

TEST(Matcher, FullShareTakesOnlyASmallBuffer) {
  MatchFixture fixture({ShareNamed("alpha", "main", 1)});
  fixture.policy.buffer_base = 3;
  fixture.AddMany(100, WholeNodes(1));
  const Plan plan = fixture.Run();
  ASSERT_EQ(plan.assignments.size(), 4U);
  EXPECT_TRUE(plan.assignments[0].fits_now);
  EXPECT_FALSE(plan.assignments[1].fits_now);
  ASSERT_EQ(plan.refusals.size(), 1U);
  EXPECT_EQ(ReasonAt(plan, 0, 0), RefusalReason::kFull);
}

TEST(Matcher, BufferGrowsWithThePoolAndCountsWhatIsThere) {
  MatchFixture fixture({ShareNamed("alpha", "main", 100)});
  fixture.policy.buffer_base = 4;
  fixture.policy.buffer_permille_of_nodes = 50;
  fixture.Share("alpha/main").buffered = 6;
  Fill(fixture.Pool("alpha/main"), std::chrono::hours(1));
  fixture.AddMany(20, OneCore());
  EXPECT_EQ(fixture.Run().assignments.size(), 4U + 5U - 6U);
}

TEST(Matcher, JobStaysUntilSomethingIsFree) {
  MatchFixture fixture({ShareNamed("alpha", "main"), ShareNamed("beta", "main")});
  fixture.policy.buffer_base = fixture.policy.buffer_permille_of_nodes = 0;
  Fill(fixture.Pool("alpha/main"), std::chrono::hours(1));
  Fill(fixture.Pool("beta/main"), std::chrono::hours(1));
  fixture.Add(OneCore());
  EXPECT_TRUE(fixture.Run().assignments.empty());
  fixture.Pool("beta/main").cores_idle = 1;
  EXPECT_EQ(fixture.Placements(fixture.Run()), "1 beta/main");
}

TEST(Matcher, PoolOfTwoSharesIsNotCountedTwice) {
  ShareStatus day = ShareNamed("alpha", "day", 2);
  ShareStatus night = ShareNamed("alpha", "night", 2);
  day.info.pool = night.info.pool = "nodes";
  MatchFixture fixture({day, night});
  fixture.policy.buffer_base = fixture.policy.buffer_permille_of_nodes = 0;
  JobRequest by_night = WholeNodes(1);
  by_night.avoided_shares = {"alpha/day"};
  for (int i = 0; i < 3; ++i) {
    fixture.Add(WholeNodes(1));
    fixture.Add(by_night);
  }
  EXPECT_EQ(fixture.Placements(fixture.Run()), "1 alpha/day, 2 alpha/night");
}

TEST(Matcher, CheapestWaitsForTheCheapShare) {
  MatchFixture fixture({ShareNamed("alpha", "main"), ShareNamed("beta", "main")});
  fixture.policy.buffer_base = fixture.policy.buffer_permille_of_nodes = 0;
  fixture.SetRate("beta/main", 20'500);
  Fill(fixture.Pool("alpha/main"), std::chrono::hours(9));
  JobRequest request = OneCore();
  request.objective = Objective::kCheapest;
  fixture.Add(request);
  const Plan plan = fixture.Run();
  EXPECT_TRUE(plan.assignments.empty());
  EXPECT_EQ(ReasonAt(plan, 0, 0), RefusalReason::kFull);
  EXPECT_EQ(ReasonAt(plan, 0, 1), RefusalReason::kPriceAboveObjective);
  EXPECT_EQ(WaitingReason(request, plan.refusals[0].refusals, fixture.Setting()),
            "alpha/main is full; beta/main costs up to 0.0205 EUR, too much more than the cheapest for objective "
            "CHEAPEST; FASTEST would take it");
}

TEST(Matcher, BalancedGoesElsewhereUpToTwiceThePrice) {
  for (const auto& [rate, expected] : {std::pair<int64_t, std::string>(40'000, "1 beta/main"), {40'001, ""}}) {
    MatchFixture fixture({ShareNamed("alpha", "main"), ShareNamed("beta", "main")});
    fixture.policy.buffer_base = fixture.policy.buffer_permille_of_nodes = 0;
    fixture.SetRate("beta/main", rate);
    Fill(fixture.Pool("alpha/main"), std::chrono::hours(9));
    fixture.Add(OneCore());
    EXPECT_EQ(fixture.Placements(fixture.Run()), expected) << rate;
  }
}

TEST(Matcher, CheapShareThatIsOfflineHoldsNobodyBack) {
  MatchFixture fixture({ShareNamed("alpha", "main"), ShareNamed("beta", "main")});
  fixture.SetRate("beta/main", 900'000);
  fixture.Site("alpha/main").connected = false;
  JobRequest request = OneCore();
  request.objective = Objective::kCheapest;
  fixture.Add(request);
  EXPECT_EQ(fixture.Placements(fixture.Run()), "1 beta/main");
}

TEST(Matcher, PausedProjectGoesElsewhereAndOthersDoNot) {
  MatchFixture fixture({ShareNamed("alpha", "main"), ShareNamed("beta", "main")});
  fixture.SetRate("beta/main", 30'000);
  fixture.Add(OneCore(), 0, 1);
  fixture.Add(OneCore(), 0, 2);
  const SharePause pause{.share = 0, .project_id = IdFor<ProjectId>(1), .until = kNow + std::chrono::seconds(1)};
  EXPECT_EQ(fixture.Placements(fixture.Run(std::vector{pause})), "1 beta/main, 2 alpha/main");
  const SharePause over{.share = 0, .project_id = IdFor<ProjectId>(1), .until = kNow};
  EXPECT_EQ(fixture.Placements(fixture.Run(std::vector{over})), "1 alpha/main, 2 alpha/main");
}

TEST(Matcher, ProjectPausedEverywhereStaysWithoutHoldingOthersOfItsClass) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  fixture.Add(OneCore(), 0, 1);
  fixture.Add(OneCore(), 0, 1);
  fixture.Add(OneCore(), 0, 2);
  const SharePause pause{.share = 0, .project_id = IdFor<ProjectId>(1), .until = kNow + std::chrono::seconds(1)};
  const Plan plan = fixture.Run(std::vector{pause});
  EXPECT_EQ(fixture.Placements(plan), "3 alpha/main");
  ASSERT_EQ(plan.refusals.size(), 1U);
  EXPECT_EQ(plan.refusals[0].project_id, IdFor<ProjectId>(1));
  EXPECT_EQ(ReasonAt(plan, 0, 0), RefusalReason::kProjectPaused);
}

TEST(Matcher, WaitingReasonOfAPausedProjectNamesTheLimitAndTheTime) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  fixture.Add(OneCore(), 0, 1);
  const std::vector<SharePause> pauses = {{.share = 0,
                                           .project_id = IdFor<ProjectId>(2),
                                           .until = kNow + std::chrono::hours(1),
                                           .limit = "another project's"},
                                          {.share = 0,
                                           .project_id = IdFor<ProjectId>(1),
                                           .until = kNow + std::chrono::seconds(15),
                                           .limit = "QOSMaxSubmitJobPerUser"}};
  const Plan plan = fixture.Run(pauses);
  ASSERT_EQ(plan.refusals.size(), 1U);
  EXPECT_EQ(WaitingReason(OneCore(), plan.refusals[0].refusals, fixture.Setting(pauses), plan.refusals[0].project_id),
            "alpha/main takes nothing more of this project until " + FormatTimestamp(kNow + std::chrono::seconds(15)) +
                ": QOSMaxSubmitJobPerUser");
}

TEST(Matcher, SiteGetsNoMoreOffersThanItMayHave) {
  MatchFixture fixture({ShareNamed("alpha", "a"), ShareNamed("alpha", "b"), ShareNamed("beta", "main")});
  fixture.Site("alpha/a").offer_room = 2;
  fixture.Site("beta/main").offer_room = 1;
  fixture.SetRate("beta/main", 30'000);
  fixture.AddMany(5, OneCore());
  const Plan plan = fixture.Run();
  EXPECT_EQ(fixture.Placements(plan), "1 alpha/a, 2 alpha/a, 3 beta/main");
  EXPECT_EQ(ReasonAt(plan, 0, 1), RefusalReason::kOfferLimit);
}

TEST(Matcher, RoundHasALimit) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  fixture.policy.assignments_max = 7;
  fixture.AddMany(7, OneCore());
  EXPECT_FALSE(fixture.Run().cut_short);
  fixture.Add(OneCore());
  const Plan plan = fixture.Run();
  EXPECT_TRUE(plan.cut_short);
  EXPECT_EQ(plan.assignments.size(), 7U);
}

TEST(Matcher, DelayedJobsTakeNoPart) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  fixture.waiting.Delay(fixture.Add(OneCore()), kNow + std::chrono::seconds(1));
  EXPECT_TRUE(fixture.Run().assignments.empty());
  EXPECT_TRUE(fixture.Run().refusals.empty());
}

TEST(Matcher, NoSharesRefusesWithAnEmptyList) {
  MatchFixture fixture({});
  fixture.Add(OneCore());
  const Plan plan = fixture.Run();
  ASSERT_EQ(plan.refusals.size(), 1U);
  EXPECT_TRUE(plan.refusals[0].refusals.empty());
}

TEST(Matcher, ArrivalsAloneCanBeMatched) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  fixture.Add(WholeNodes(1));
  fixture.Add(OneCore());
  const ClassIndex one_core = *fixture.waiting.FindClass(OneCore());
  const std::vector<ClassIndex> arrivals = {one_core, one_core};
  EXPECT_EQ(fixture.Placements(MatchClasses(fixture.waiting, arrivals, fixture.Setting())), "2 alpha/main");
}

TEST(Matcher, JobsKeepThePricesTheyWereQuoted) {
  MatchFixture fixture({ShareNamed("alpha", "main"), ShareNamed("beta", "main")});
  fixture.prices.push_back({.id = 5, .rates = fixture.prices[0].rates});
  fixture.prices[1].rates[0]->core_hour_micros = 30'000;
  JobRequest request = OneCore();
  fixture.Add(request);
  request.price_list = 5;
  fixture.Add(request);
  EXPECT_EQ(fixture.Placements(fixture.Run()), "1 alpha/main, 2 beta/main");
}

TEST(Matcher, TakesTheCheapestShareThatKeepsTheDeadline) {
  MatchFixture fixture({ShareNamed("alpha", "main"), ShareNamed("beta", "main"), ShareNamed("gamma", "main")});
  fixture.SetRate("alpha/main", 10'000);
  fixture.SetRate("gamma/main", 90'000);
  fixture.Share("alpha/main").load.core_seconds_waiting = 640 * 3'600;
  JobRequest request = OneCore();
  request.deadline = kNow + std::chrono::minutes(90);
  fixture.Add(request);
  request.deadline = kNow + std::chrono::hours(3);
  fixture.Add(request);
  EXPECT_EQ(fixture.Placements(fixture.Run()), "1 beta/main, 2 alpha/main");
}

// Each job behind another one at the share starts later.
TEST(Matcher, PlacesNothingThatWouldWaitPastItsDeadline) {
  MatchFixture fixture({ShareNamed("alpha", "main", 1)});
  Fill(fixture.Pool("alpha/main"), std::chrono::minutes(10));
  JobRequest request = WholeNodes(1);
  request.deadline = kNow + std::chrono::minutes(130);
  for (int i = 0; i < 3; ++i) {
    fixture.Add(request);
  }
  const Plan plan = fixture.Run();
  EXPECT_EQ(fixture.Placements(plan), "1 alpha/main, 2 alpha/main");
  EXPECT_EQ(ReasonAt(plan, 0, 0), RefusalReason::kStartTooLate);
}

TEST(Matcher, NothingIsPlacedWhereItWouldRunIntoMaintenance) {
  MatchFixture fixture({ShareNamed("alpha", "main"), ShareNamed("beta", "main")});
  fixture.SetRate("beta/main", 21'000);
  fixture.Share("alpha/main").load.windows = {
      {.share = {}, .start = kNow + std::chrono::hours(2), .end = kNow + std::chrono::hours(4), .reason = {}}};
  JobRequest request = OneCore();
  fixture.Add(request);
  request.time_limit = std::chrono::hours(3);
  fixture.Add(request);
  EXPECT_EQ(fixture.Placements(fixture.Run()), "1 alpha/main, 2 beta/main");
}

TEST(Matcher, AFailingShareIsTriedWithOneJob) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  fixture.Share("alpha/main").breaker = BreakerStanding{.failures = 5, .open_until = kNow, .last_failure = {}};
  fixture.AddMany(3, OneCore());
  const Plan plan = fixture.Run();
  EXPECT_EQ(fixture.Placements(plan), "1 alpha/main");
  EXPECT_EQ(ReasonAt(plan, 0, 0), RefusalReason::kShareFailing);
  fixture.Share("alpha/main").attempts.unstarted = 1;
  EXPECT_EQ(fixture.Placements(fixture.Run()), "");
  fixture.Share("alpha/main").attempts = {.unstarted = 0, .last_start = kNow - kBreakerTrial};
  EXPECT_EQ(fixture.Placements(fixture.Run()), "1 alpha/main");
}

TEST(Matcher, GoesElsewhereAfterAFailureAndBackIfThereIsNoOther) {
  MatchFixture fixture({ShareNamed("alpha", "main"), ShareNamed("beta", "main")});
  JobRequest request = OneCore();
  request.failed_shares = {"alpha/main"};
  fixture.Add(request);
  EXPECT_EQ(fixture.Placements(fixture.Run()), "1 beta/main");
  fixture.Site("beta/main").connected = false;
  EXPECT_EQ(fixture.Placements(fixture.Run()), "1 alpha/main");
}

}  // namespace
}  // namespace turnpike
