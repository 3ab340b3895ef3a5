// What agents measured of the network, kept in a real PostgreSQL.

#include <gmock/gmock.h>

#include "tests/broker/pg/job_life_fixture.h"

namespace turnpike {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

RoundTrip Lasting(int64_t median) {
  return {.shortest = std::chrono::microseconds(1), .median = std::chrono::microseconds(median), .samples = 3};
}

class NetworkPg : public JobLifeTest {
 protected:
  void SetUp() override {
    JobLifeTest::SetUp();
    beta_ = AddSite("beta");
    database_.AsSuperuser("UPDATE site SET state = 'ACTIVE'");
  }
  SiteId AddSite(const std::string& name) {
    NewSite site;
    site.site.site_id = database_.ids().Random<SiteId>();
    site.site.name = name;
    site.site.time_zone = "UTC";
    site.token_hash = Sha256(name);
    site.token_expires_at = database_.Now() + std::chrono::hours(1);
    EXPECT_TRUE(sites_.Register(database_.NewKey("RegisterSite", name), site).ok());
    return site.site.site_id;
  }
  int64_t Open(SiteId site_id) {
    const Result<OpenedSession> session = links_.OpenSession({.site_id = site_id,
                                                              .replica = "test",
                                                              .journal_id = database_.ids().Random<JournalId>(),
                                                              .journal_seq = 0,
                                                              .epoch_seen = 0,
                                                              .scheduler = "process"});
    EXPECT_TRUE(session.ok()) << session.status();
    return session.ok() ? session->epoch : 0;
  }
  NetworkMeasured Measured(int64_t number) { return {.site_id = site_id_, .epoch = epoch_, .number = number}; }
  std::vector<ProbeTarget> Store(const NetworkMeasured& measured) {
    const Result<std::vector<ProbeTarget>> targets = links_.StoreNetwork(measured);
    EXPECT_TRUE(targets.ok()) << targets.status();
    return targets.value_or(std::vector<ProbeTarget>());
  }
  SiteNetworkRecord Read(const std::string& site) {
    const Result<SiteRecord> record = sites_.Find(site);
    EXPECT_TRUE(record.ok()) << record.status();
    return record.ok() ? record->network : SiteNetworkRecord();
  }
  std::vector<StoredRoundTrip> Pairs(std::optional<Timestamp> since = {}) {
    const Result<std::vector<StoredRoundTrip>> pairs = sites_.RoundTrips(since);
    EXPECT_TRUE(pairs.ok()) << pairs.status();
    return pairs.value_or(std::vector<StoredRoundTrip>());
  }

  SiteId beta_;
};

TEST_F(NetworkPg, KeepsTheLastWordOfEachFigure) {
  EXPECT_FALSE(Read("alpha").broker);
  NetworkMeasured first = Measured(1);
  first.broker = Lasting(400);
  first.upload_bytes_per_second = 5'000'000;
  first.probe_address = "1.1.1.1:22";
  Store(first);
  NetworkMeasured second = Measured(2);
  second.broker = Lasting(300);
  Store(second);
  const SiteNetworkRecord network = Read("alpha");
  EXPECT_EQ(network.broker, Lasting(300));
  EXPECT_TRUE(network.broker_at);
  EXPECT_EQ(network.upload_bytes_per_second, 5'000'000) << "not measured again since";
  EXPECT_LT(*network.upload_at, *network.broker_at);
  EXPECT_EQ(network.probe_address, "") << "it is taken back";
}

TEST_F(NetworkPg, TakesNothingOfAnOlderReportOrSession) {
  NetworkMeasured newest = Measured(2);
  newest.broker = Lasting(300);
  newest.pairs = {{.site = "beta", .round_trip = Lasting(20)}};
  Store(newest);
  NetworkMeasured late = Measured(1);
  late.broker = Lasting(999);
  late.pairs = {{.site = "beta", .round_trip = Lasting(999)}};
  Store(late);
  const int64_t old_epoch = epoch_;
  epoch_ = Open(site_id_);
  late.epoch = old_epoch;
  late.number = 3;
  Store(late);
  EXPECT_EQ(Read("alpha").broker, Lasting(300));
  ASSERT_EQ(Pairs().size(), 1U);
  EXPECT_EQ(Pairs()[0].pair.round_trip, Lasting(20));
  NetworkMeasured next = Measured(1);
  next.broker = Lasting(200);
  Store(next);
  EXPECT_EQ(Read("alpha").broker, Lasting(200)) << "the new session counts from 1 again";
}

TEST_F(NetworkPg, KeepsAPairWithItsTimeAndAlsoThatNothingAnswered) {
  NetworkMeasured measured = Measured(1);
  measured.pairs = {{.site = "beta", .round_trip = Lasting(20), .age = std::chrono::seconds(90)},
                    {.site = "alpha", .round_trip = Lasting(1)},
                    {.site = "nobody", .round_trip = Lasting(1)},
                    {.site = "beta", .round_trip = Lasting(77)}};
  Store(measured);
  std::vector<StoredRoundTrip> pairs = Pairs();
  ASSERT_EQ(pairs.size(), 1U) << "neither itself nor who is unknown";
  EXPECT_EQ(pairs[0].pair.from, site_id_);
  EXPECT_EQ(pairs[0].pair.to, beta_);
  EXPECT_EQ(pairs[0].pair.round_trip, Lasting(20));
  EXPECT_EQ(pairs[0].stored_at - pairs[0].pair.measured_at, std::chrono::seconds(90));
  const Timestamp stored = pairs[0].stored_at;
  EXPECT_EQ(Pairs(stored).size(), 1U);
  EXPECT_THAT(Pairs(stored + Duration(1)), IsEmpty());
  measured.number = 2;
  measured.pairs = {{.site = "beta", .round_trip = {}}};
  Store(measured);
  pairs = Pairs(stored + Duration(1));
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_FALSE(pairs[0].pair.round_trip);
}

TEST_F(NetworkPg, TellsEachSiteOfTheOthersThatAnswer) {
  NetworkMeasured of_beta{.site_id = beta_, .epoch = Open(beta_), .number = 1};
  EXPECT_THAT(Store(of_beta), IsEmpty());
  NetworkMeasured of_alpha = Measured(1);
  of_alpha.probe_address = "1.1.1.1:22";
  EXPECT_THAT(Store(of_alpha), IsEmpty()) << "it is no target of its own";
  of_beta.number = 2;
  EXPECT_THAT(Store(of_beta), ElementsAre(ProbeTarget{.site = "alpha", .address = "1.1.1.1:22"}));
  database_.AsSuperuser("UPDATE site SET state = 'QUARANTINED' WHERE name = 'alpha'");
  of_beta.number = 3;
  EXPECT_THAT(Store(of_beta), IsEmpty()) << "nobody connects to a site that is shut out";
}

}  // namespace
}  // namespace turnpike
