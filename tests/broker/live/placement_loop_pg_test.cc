// What a running broker does by itself, against a real PostgreSQL.

#include <gmock/gmock.h>

#include "broker/live/placement_loop.h"
#include "broker/pg/pg_log_watch.h"
#include "broker/pg/pg_placement_lease.h"
#include "tests/broker/live/fake_session.h"
#include "tests/broker/pg/job_life_fixture.h"

namespace turnpike {
namespace {

constexpr std::chrono::seconds kLongEnough{30};

class PlacementLoopTest : public JobLifeTest {
 protected:
  Metrics metrics_;
  SiteSessions sessions_;
  TransactionRunner event_transactions_{{.connection = {.conninfo = raw_.ConnectionString(kPlacementRole)}}, clock_};
  PgEventLog log_{event_transactions_};
  PgLogWatch log_watch_{event_transactions_};
  LogHub log_hub_{log_watch_, sessions_, [this] { log_.Poke(); }};
  PgPlacementLease lease_{placement_transactions_, {.replica = "test"}};
  IndexFollower index_{
      {.placement = placement_, .sites = sites_, .ids = database_.ids(), .clock = clock_, .policy = {}}};
  PlacementLoop loop_{{.log = log_,
                       .store = placement_,
                       .lease = lease_,
                       .index = index_,
                       .clock = machine_,
                       .listeners = {},
                       .logs = log_hub_,
                       .sessions = sessions_,
                       .metrics = metrics_},
                      {.look_interval = std::chrono::milliseconds(10), .site_refresh = std::chrono::milliseconds(50)}};
};

TEST_F(PlacementLoopTest, EndsTheStreamOfASiteThatIsShutOutWhateverItsAgentDoes) {
  FakeSession alpha;
  FakeSession other;
  sessions_.Add(site_id_, alpha);
  sessions_.Add(database_.ids().Random<SiteId>(), other);
  ASSERT_TRUE(loop_.Start().ok());
  EXPECT_FALSE(alpha.shut_out());
  ASSERT_TRUE(sites_.ChangeState(site_id_, {SiteState::kRegistered}, SiteState::kQuarantined, "looked odd").ok());
  EXPECT_TRUE(alpha.WaitUntilShutOut(kLongEnough));
  EXPECT_FALSE(other.shut_out());
}

}  // namespace
}  // namespace turnpike
