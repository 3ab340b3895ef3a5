// What projects were charged, as every replica reads it for whose turn it is, against a real PostgreSQL.

#include <gmock/gmock.h>

#include "broker/live/index_follower.h"
#include "tests/broker/pg/job_life_fixture.h"

namespace turnpike {
namespace {

using ::testing::ElementsAre;

class FairShareTest : public JobLifeTest {
 protected:
  ProjectStanding Standing(int64_t used_micros, int32_t weight = 1) const {
    return {.project_id = project_.project_id, .used_micros = used_micros, .weight = weight};
  }
  IndexFollower::Parts Parts() {
    return {.placement = placement_, .sites = sites_, .ids = database_.ids(), .clock = clock_, .policy = {}};
  }
};

TEST_F(FairShareTest, AChargeCountsInTheTransactionThatMakesIt) {
  ASSERT_TRUE(Apply(WholeLife(Place(Submit(Job())))).ok());
  ASSERT_TRUE(Apply(WholeLife(Place(Submit(Job())))).ok());
  const int64_t today = DayOf(database_.Now());
  const Result<StoredUsage> usage = placement_.LoadUsage(today - 1);
  ASSERT_TRUE(usage.ok()) << usage.status();
  int64_t charged = 0;
  for (const auto& [project_id, charge] : usage->charges) {
    EXPECT_EQ(project_id, project_.project_id);
    charged += charge.charged_micros;
  }
  EXPECT_EQ(charged, 2 * 10 * 1'000);  // Ten seconds on one core each.
  EXPECT_TRUE(placement_.LoadUsage(today + 1)->charges.empty());
}

TEST_F(FairShareTest, AReplicaThatTakesOverFindsWhatTheFirstOneKnew) {
  IndexFollower first(Parts());
  ASSERT_TRUE(first.Rebuild().ok());
  const Result<EventPosition> head = events_.Head();
  ASSERT_TRUE(head.ok());
  ASSERT_TRUE(Apply(WholeLife(Place(Submit(Job())))).ok());  // Charged …
  Place(Submit(Job(7'000)));                                 // … on its way …
  Submit(Job(3'000));                                        // … and waiting.
  ASSERT_TRUE(ledger_.SetWeight(project_.project_id, 4).ok());
  const Result<std::vector<LoggedEvent>> events = events_.ReadAfter(*head, 100);
  ASSERT_TRUE(events.ok());
  ASSERT_TRUE(first.Apply(*events).ok());
  ASSERT_TRUE(first.RefreshSites().ok());
  IndexFollower second(Parts());
  ASSERT_TRUE(second.Rebuild().ok());
  EXPECT_THAT(first.Basis()->standings, ElementsAre(Standing(10'000 + 7'001, 4)));
  EXPECT_EQ(second.Basis()->standings, first.Basis()->standings);
}

}  // namespace
}  // namespace turnpike
