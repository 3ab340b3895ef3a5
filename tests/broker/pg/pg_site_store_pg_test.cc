#include <gtest/gtest.h>

#include "base/error_reason.h"
#include "broker/pg/pg_site_store.h"
#include "tests/broker/pg/site_store_fixture.h"

namespace turnpike {
namespace {

TEST_F(PgSiteStoreTest, RegistersASiteThatIsFoundByNameAndById) {
  const NewSite site = Site("alpha", "token");
  const Result<SiteRecord> made = store_.Register(NewKey(), site);
  ASSERT_TRUE(made.ok()) << made.status();
  for (const std::string& name_or_id : {std::string("alpha"), site.site.site_id.ToString()}) {
    const SiteRecord found = Read(name_or_id);
    EXPECT_EQ(found.site_id, site.site.site_id);
    EXPECT_EQ(found.name, "alpha");
    EXPECT_EQ(found.display_name, "The alpha");
    EXPECT_EQ(found.region, "north");
    EXPECT_EQ(found.time_zone, "Europe/Oslo");
    EXPECT_EQ(found.state, SiteState::kRegistered);
    EXPECT_FALSE(found.connected);
    EXPECT_EQ(found.last_seen_at, std::nullopt);
    EXPECT_EQ(found.capacity, "");
    EXPECT_EQ(found.price_book_version, 0);
  }
}

TEST_F(PgSiteStoreTest, DoesNotFindWhatIsNotThere) {
  for (const std::string& name_or_id : {std::string("beta"), database_.ids().Random<SiteId>().ToString()}) {
    const Result<SiteRecord> found = store_.Find(name_or_id);
    EXPECT_EQ(found.status().code(), StatusCode::kNotFound);
    EXPECT_EQ(DetailsOf(found.status()).reason, ErrorReason::kNotFound);
  }
}

TEST_F(PgSiteStoreTest, ARepeatReturnsTheFirstSiteAndOnlyTheNewTokenIsLeft) {
  const RequestKey key = NewKey();
  const NewSite first = Site("alpha", "old token");
  ASSERT_TRUE(store_.Register(key, first).ok());
  const Result<SiteRecord> repeat = store_.Register(key, Site("alpha", "new token"));
  ASSERT_TRUE(repeat.ok()) << repeat.status();
  EXPECT_EQ(repeat->site_id, first.site.site_id);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM site"), 1);
  const Rows tokens = database_.AsSuperuser("SELECT token_hash, site_id FROM enrollment_token");
  ASSERT_EQ(tokens.size(), 1);
  EXPECT_EQ(tokens.Bytes(0, 0), AsBytes(Sha256("new token")));
  EXPECT_EQ(tokens.Id<SiteId>(0, 1), first.site.site_id);
}

TEST_F(PgSiteStoreTest, ARepeatLeavesUsedTokensAndOtherSitesTokensAlone) {
  const RequestKey key = NewKey();
  ASSERT_TRUE(store_.Register(key, Site("alpha", "used token")).ok());
  Register("beta", "beta's token");
  database_.AsSuperuser("UPDATE enrollment_token SET used_at = now() WHERE token_hash = $1",
                        Params().Bytes(AsBytes(Sha256("used token"))));
  ASSERT_TRUE(store_.Register(key, Site("alpha", "new token")).ok());
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM enrollment_token"), 3);
}

TEST_F(PgSiteStoreTest, RefusesARequestIdThatCameWithAnotherBody) {
  RequestKey key = NewKey("alpha");
  ASSERT_TRUE(store_.Register(key, Site("alpha", "token")).ok());
  key.request_hash = Sha256("beta");
  const Result<SiteRecord> reused = store_.Register(key, Site("beta", "other token"));
  EXPECT_EQ(reused.status().code(), StatusCode::kInvalidArgument) << reused.status();
  EXPECT_EQ(DetailsOf(reused.status()).reason, ErrorReason::kRequestIdReused);
  EXPECT_EQ(store_.Find("beta").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM enrollment_token"), 1);
}

TEST_F(PgSiteStoreTest, RefusesARequestIdOlderThanKeysAreKept) {
  RequestKey key = NewKey();
  key.request_id = *RequestId::Parse("0180a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");  // of 2022
  const Result<SiteRecord> refused = store_.Register(key, Site("alpha", "token"));
  EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument) << refused.status();
  EXPECT_EQ(DetailsOf(refused.status()).reason, ErrorReason::kRequestIdTooOld);
  EXPECT_EQ(store_.Find("alpha").status().code(), StatusCode::kNotFound);
}

TEST_F(PgSiteStoreTest, RefusesANameThatIsTakenAndKeepsNothingOfTheCall) {
  Register("alpha", "token");
  const RequestKey key = NewKey();
  const Result<SiteRecord> taken = store_.Register(key, Site("alpha", "other token"));
  EXPECT_EQ(taken.status().code(), StatusCode::kAlreadyExists) << taken.status();
  EXPECT_EQ(DetailsOf(taken.status()).reason, ErrorReason::kAlreadyExists);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM enrollment_token"), 1);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM request_key WHERE key = $1", Params().Id(key.request_id)),
            0);
}

TEST_F(PgSiteStoreTest, ListsByNameAPageAtATime) {
  for (const char* name : {"delta", "alpha", "charlie", "bravo"}) {
    Register(name, name);
  }
  const auto page = [&](std::string_view after, size_t limit) {
    std::vector<std::string> names;
    const Result<std::vector<SiteRecord>> sites = store_.List(after, limit);
    EXPECT_TRUE(sites.ok()) << sites.status();
    for (const SiteRecord& site : *sites) {
      names.push_back(site.name);
    }
    return names;
  };
  EXPECT_EQ(page("", 3), (std::vector<std::string>{"alpha", "bravo", "charlie"}));
  EXPECT_EQ(page("charlie", 3), std::vector<std::string>{"delta"});
  EXPECT_EQ(page("delta", 3), std::vector<std::string>{});
}

TEST_F(PgSiteStoreTest, UpdatesWhatIsGivenAndNothingElse) {
  const SiteRecord before = Register("alpha", "token");
  // Two operators, each of whom read the site before the other's change.
  ASSERT_TRUE(
      store_.Update({.site_id = before.site_id, .display_name = "Alpha Centre", .region = {}, .time_zone = {}}).ok());
  const Result<SiteRecord> updated =
      store_.Update({.site_id = before.site_id, .display_name = {}, .region = "south", .time_zone = "UTC"});
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->name, "alpha");
  EXPECT_EQ(updated->state, SiteState::kRegistered);
  EXPECT_EQ(updated->display_name, "Alpha Centre");
  EXPECT_EQ(updated->region, "south");
  EXPECT_EQ(updated->time_zone, "UTC");
  const SiteChange nobody{
      .site_id = database_.ids().Random<SiteId>(), .display_name = "x", .region = {}, .time_zone = {}};
  EXPECT_EQ(store_.Update(nobody).status().code(), StatusCode::kNotFound);
}

TEST_F(PgSiteStoreTest, ChangesTheStateOnlyFromWhereItMay) {
  const SiteId site = Register("alpha", "token").site_id;
  const std::vector<SiteState> from{SiteState::kActive, SiteState::kDraining};
  const Result<SiteRecord> refused = store_.ChangeState(site, from, SiteState::kDraining, "cooling");
  EXPECT_EQ(refused.status().code(), StatusCode::kFailedPrecondition) << refused.status();
  EXPECT_EQ(DetailsOf(refused.status()).reason, ErrorReason::kIllegalTransition);
  EXPECT_EQ(DetailsOf(refused.status()).metadata.at("state"), "REGISTERED");
  EXPECT_EQ(Read("alpha").state, SiteState::kRegistered);

  ASSERT_TRUE(store_.ChangeState(site, {SiteState::kRegistered}, SiteState::kActive, "").ok());
  for (int times = 0; times < 2; ++times) {
    const Result<SiteRecord> draining = store_.ChangeState(site, from, SiteState::kDraining, "cooling");
    ASSERT_TRUE(draining.ok()) << draining.status();
    EXPECT_EQ(draining->state, SiteState::kDraining);
    EXPECT_EQ(draining->state_reason, "cooling");
  }
  const SiteId nobody = database_.ids().Random<SiteId>();
  EXPECT_EQ(store_.ChangeState(nobody, from, SiteState::kActive, "").status().code(), StatusCode::kNotFound);
}

TEST_F(PgSiteStoreTest, TellsWhetherTheAgentIsThereAndWhatItLastSaid) {
  const SiteId site = Register("alpha", "token").site_id;
  const Timestamp seen = TimestampFromSeconds(1'700'000'000);
  const Timestamp reported = seen + std::chrono::minutes(5);
  database_.AsSuperuser("INSERT INTO site_session (site_id, epoch, replica) VALUES ($1, 1, 'one')", Params().Id(site));
  database_.AsSuperuser("UPDATE site SET last_seen_at = $2, scheduler = 'slurm' WHERE site_id = $1",
                        Params().Id(site).Time(seen));
  EXPECT_TRUE(Read("alpha").connected);
  EXPECT_EQ(Read("alpha").last_seen_at, seen);
  EXPECT_EQ(Read("alpha").scheduler, "slurm");
  database_.AsSuperuser(
      "INSERT INTO site_capacity (site_id, epoch, number, body, reported_at) VALUES ($1, 1, 1, $2, $3)",
      Params().Id(site).Bytes(std::string_view("\0shares", 7)).Time(reported));
  database_.AsSuperuser("UPDATE site_session SET connected = false");
  EXPECT_FALSE(Read("alpha").connected);
  EXPECT_EQ(Read("alpha").last_seen_at, reported);
  EXPECT_EQ(Read("alpha").capacity, std::string_view("\0shares", 7));
}

}  // namespace
}  // namespace turnpike
