// Two brokers and one lease: never two holders, and no lease that stays with the dead or the silent.
#include "broker/pg/pg_placement_lease.h"
#include "tests/billing/pg/api_database.h"

namespace turnpike {
namespace {

class PlacementLeaseTest : public testing::Test {
 protected:
  // A broker's one connection for placement, and its lease.
  struct Replica {
    Replica(const ApiDatabase& database, const std::string& name)
        : transactions({.connection = {.conninfo = database.database().ConnectionString("turnpike_placement")},
                        .connections_max = 1},
                       clock),
          lease(transactions, {.replica = name}) {}

    LeaseStanding Renew() {
      const Result<LeaseStanding> standing = lease.Renew();
      EXPECT_TRUE(standing.ok()) << standing.status();
      return standing.value_or(LeaseStanding{});
    }
    Status Place() {
      return transactions.Run({}, [](Transaction& tx) -> Status { return HoldPlacement(tx); });
    }

    SystemClock machine;
    DatabaseClock clock{machine};
    TransactionRunner transactions;
    PgPlacementLease lease;
  };

  void MakeSilent() { database_.AsSuperuser("UPDATE placement_lease SET heartbeat = now() - interval '10 seconds'"); }

  ApiDatabase database_;
};

TEST_F(PlacementLeaseTest, GoesToTheFirstAndStaysThere) {
  Replica first(database_, "first");
  Replica second(database_, "second");
  EXPECT_TRUE(first.Renew().held);
  EXPECT_FALSE(second.Renew().held);
  EXPECT_TRUE(first.Renew().held);
  const LeaseStanding seen = second.Renew();
  EXPECT_FALSE(seen.held);
  EXPECT_EQ(seen.holder, "first");
  EXPECT_EQ(seen.epoch, first.Renew().epoch) << "renewing is no change of holder";
}

TEST_F(PlacementLeaseTest, IsFreeWhenItsHolderIsGone) {
  auto first = std::make_unique<Replica>(database_, "first");
  Replica second(database_, "second");
  const int64_t epoch = first->Renew().epoch;
  first.reset();
  LeaseStanding taken;
  for (int i = 0; i < 1'000 && !taken.held; ++i) {  // The server ends a session a moment after its client.
    taken = second.Renew();
  }
  EXPECT_TRUE(taken.held);
  EXPECT_EQ(taken.epoch, epoch + 1);
}

TEST_F(PlacementLeaseTest, IsTakenFromASilentHolder) {
  Replica first(database_, "first");
  Replica second(database_, "second");
  ASSERT_TRUE(first.Renew().held);
  MakeSilent();
  LeaseStanding taken;
  for (int i = 0; i < 1'000 && !taken.held; ++i) {
    taken = second.Renew();
  }
  EXPECT_TRUE(taken.held);
  EXPECT_FALSE(first.Place().ok()) << "its session was ended, and a new one finds the lease taken";
  EXPECT_FALSE(first.Place().ok());
  EXPECT_TRUE(second.Place().ok());
}

TEST_F(PlacementLeaseTest, OnlyItsHolderPlaces) {
  Replica first(database_, "first");
  Replica second(database_, "second");
  ASSERT_TRUE(first.Renew().held);
  EXPECT_TRUE(first.Place().ok());
  EXPECT_EQ(second.Place().code(), StatusCode::kUnavailable);
}

// One that places again and again without the lease would keep others from taking it.
TEST_F(PlacementLeaseTest, PlacingIsNoTaking) {
  Replica first(database_, "first");
  Replica second(database_, "second");
  EXPECT_TRUE(first.Place().ok());
  EXPECT_TRUE(second.Renew().held);
}

}  // namespace
}  // namespace turnpike
