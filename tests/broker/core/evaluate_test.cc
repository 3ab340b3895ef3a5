#include "broker/core/evaluate.h"

#include <gmock/gmock.h>

#include "tests/broker/core/match_fixture.h"

namespace turnpike {
namespace {

TEST(Evaluate, CeilingsSpanTheEligibleSharesOffOrOn) {
  MatchFixture fixture({ShareNamed("alpha", "main"), ShareNamed("beta", "main"), ShareNamed("gamma", "main")});
  fixture.SetRate("beta/main", 70'000);
  fixture.SetRate("gamma/main", 900'000);
  fixture.Share("gamma/main").info.guarded = false;  // never eligible
  fixture.Site("beta/main").connected = false;       // eligible at another time: the hold must cover it
  const Evaluation evaluation = Evaluate(OneCore(), fixture.Setting());
  EXPECT_EQ(evaluation.ceiling_max_micros, 70'000);
  EXPECT_EQ(evaluation.ceiling_min_micros, 20'000);
  EXPECT_EQ(evaluation.best, 0U);
  EXPECT_TRUE(evaluation.any_eligible());
  EXPECT_TRUE(evaluation.verdicts[1].eligible);
  EXPECT_EQ(evaluation.verdicts[1].refusal, RefusalReason::kSiteOffline);
  EXPECT_FALSE(evaluation.verdicts[2].eligible);
}

TEST(Evaluate, TellsNeverFromNotNow) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  fixture.Site("alpha/main").connected = false;
  Evaluation evaluation = Evaluate(OneCore(), fixture.Setting());
  EXPECT_EQ(evaluation.best, std::nullopt);
  EXPECT_TRUE(evaluation.can_ever_run());
  JobRequest large = OneCore();
  large.cpus_per_task = 65;
  evaluation = Evaluate(large, fixture.Setting());
  EXPECT_FALSE(evaluation.can_ever_run());
  EXPECT_FALSE(evaluation.any_eligible());
  EXPECT_FALSE(Evaluate(OneCore(), MatchFixture({}).Setting()).can_ever_run());
}

TEST(Evaluate, FullShareStillHasAnExpectedStart) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  fixture.policy.buffer_base = fixture.policy.buffer_permille_of_nodes = 0;
  fixture.Pool("alpha/main").cores_idle = 0;
  fixture.Pool("alpha/main").core_seconds_running = 640 * 640 * 1'000;
  const Evaluation evaluation = Evaluate(OneCore(), fixture.Setting());
  EXPECT_EQ(evaluation.verdicts[0].refusal, RefusalReason::kFull);
  EXPECT_TRUE(evaluation.verdicts[0].eligible);
  EXPECT_EQ(evaluation.verdicts[0].wait.count(), 640 * 1'000 * 1'562 / 1'000'000);  // 1 of 640 cores, cut to millionths
  EXPECT_EQ(evaluation.verdicts[0].expected_start, kNow + evaluation.verdicts[0].wait);
  EXPECT_EQ(evaluation.ceiling_max_micros, 20'000);
}

}  // namespace
}  // namespace turnpike
