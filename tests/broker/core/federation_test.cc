#include "broker/core/federation.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/broker/core/match_fixture.h"

namespace turnpike {
namespace {

OwnAttempt AttemptAt(const std::string& site, std::string_view share, int64_t cores) {
  return {.site_id = SiteNamed(site).site_id,
          .share = share,
          .amounts = {.nodes = 1, .cores = cores},
          .time_limit = std::chrono::hours(1),
          .offered_at = kNow,
          .started_at = {},
          .submitted_at = {}};
}

TEST(Federation, SharesAreOrderedBySiteAndName) {
  const MatchFixture fixture({ShareNamed("beta", "a"), ShareNamed("alpha", "z"), ShareNamed("alpha", "b")});
  std::vector<std::string> labels;
  for (const ShareView& share : fixture.federation.shares) {
    labels.push_back(ShareLabel(share.info));
  }
  EXPECT_THAT(labels, ::testing::ElementsAre("alpha/b", "alpha/z", "beta/a"));
  EXPECT_EQ(fixture.federation.FindShare(SiteNamed("beta").site_id, "a"), 2U);
  EXPECT_EQ(fixture.federation.FindShare(SiteNamed("beta").site_id, "b"), std::nullopt);
}

TEST(Federation, SharesOfOnePoolHaveItTogether) {
  ShareStatus one = ShareNamed("alpha", "day");
  ShareStatus other = ShareNamed("alpha", "night");
  one.info.pool = other.info.pool = "nodes";
  other.load.pool.cores_idle = 5;
  other.load.observed_at = kNow + std::chrono::seconds(1);  // newer: its figures count
  const MatchFixture fixture({one, other, ShareNamed("alpha", "own")});
  EXPECT_EQ(fixture.federation.pools.size(), 2U);
  EXPECT_EQ(fixture.federation.shares[0].pool, fixture.federation.shares[1].pool);
  EXPECT_EQ(fixture.federation.pools[fixture.federation.shares[0].pool].load.cores_idle, 5);
}

TEST(Federation, PoolsOfTwoSitesAreNotOneForTheirName) {
  ShareStatus one = ShareNamed("alpha", "main");
  ShareStatus other = ShareNamed("beta", "main");
  one.info.pool = other.info.pool = "nodes";
  EXPECT_EQ(MatchFixture({one, other}).federation.pools.size(), 2U);
}

TEST(Federation, PoolNamedLikeAnotherShareIsNotItsPool) {
  ShareStatus one = ShareNamed("alpha", "main");
  ShareStatus other = ShareNamed("alpha", "side");
  other.info.pool = "main";
  EXPECT_EQ(MatchFixture({one, other}).federation.pools.size(), 2U);
}

TEST(Federation, SharesOfUnknownSitesAreLeftOut) {
  const FederationView view = BuildFederation({SiteNamed("alpha")}, {ShareNamed("beta", "main")}, {});
  EXPECT_TRUE(view.shares.empty());
}

// Seven sites with nearly as many as one may report: more than a packed key has room for.
TEST(Federation, MoreSharesThanARoundCanTellApartAreCutOffAndStopNobody) {
  std::vector<ShareStatus> shares;
  for (int site = 0; site < 7; ++site) {
    for (int i = 0; i < 9'999; ++i) {
      shares.push_back(ShareNamed(fmt::format("site{}", site), fmt::format("s{:04}", i)));
    }
  }
  MatchFixture fixture(shares);
  EXPECT_EQ(fixture.federation.shares.size(), kSharesMax);
  EXPECT_EQ(fixture.federation.shares.back().info.site_name, "site6");
  fixture.Add(OneCore());
  EXPECT_EQ(fixture.Run().assignments.size(), 1U);
}

TEST(Federation, OwnAttemptsTakeWhatTheSiteDoesNotShowYet) {
  const Timestamp before = kNow - std::chrono::minutes(1);
  const Timestamp after = kNow + std::chrono::minutes(1);
  OwnAttempt waiting = AttemptAt("alpha", "main", 10);
  OwnAttempt running_shown = AttemptAt("alpha", "main", 20);
  running_shown.started_at = before;
  OwnAttempt running_new = AttemptAt("alpha", "main", 3);
  running_new.started_at = after;
  MatchFixture fixture({ShareNamed("alpha", "main", 1)}, {waiting, running_shown, running_new});
  EXPECT_EQ(fixture.Pool("alpha/main").cores_idle, 64 - 10 - 3);
  EXPECT_EQ(fixture.Pool("alpha/main").nodes_idle, 0);
  EXPECT_EQ(fixture.Pool("alpha/main").core_seconds_running, 13 * 3'600);
  EXPECT_EQ(fixture.Share("alpha/main").buffered, 0);
}

TEST(Federation, WhatDoesNotFitIsBuffered) {
  OwnAttempt shown = AttemptAt("alpha", "main", 64);
  shown.submitted_at = kNow - std::chrono::seconds(1);
  OwnAttempt not_shown = AttemptAt("alpha", "main", 60);
  not_shown.offered_at = kNow + std::chrono::seconds(1);
  OwnAttempt first = AttemptAt("alpha", "main", 40);
  first.offered_at = kNow - std::chrono::seconds(5);
  MatchFixture fixture({ShareNamed("alpha", "main", 1)}, {not_shown, shown, first});
  EXPECT_EQ(fixture.Pool("alpha/main").cores_idle, 24);
  EXPECT_EQ(fixture.Share("alpha/main").buffered, 2);
  EXPECT_EQ(fixture.Share("alpha/main").load.core_seconds_waiting, 60 * 3'600);  // the site counts the other one
}

TEST(Federation, NonsenseFromASiteIsCutOff) {
  ShareStatus status = ShareNamed("alpha", "main");
  status.load.pool = {.nodes_total = INT64_MAX,
                      .nodes_idle = -5,
                      .cores_total = 10,
                      .cores_idle = 11,
                      .accelerators_total = -1,
                      .accelerators_idle = 7,
                      .core_seconds_running = INT64_MAX};
  status.load.core_seconds_waiting = INT64_MIN;
  MatchFixture fixture({status});
  const PoolLoad& pool = fixture.Pool("alpha/main");
  EXPECT_EQ(pool.nodes_idle, 0);
  EXPECT_EQ(pool.cores_idle, 10);
  EXPECT_EQ(pool.accelerators_idle, 0);
  EXPECT_LE(pool.nodes_total, int64_t{1} << 32U);
  EXPECT_LE(pool.core_seconds_running, int64_t{1} << 60U);
  EXPECT_EQ(fixture.Share("alpha/main").load.core_seconds_waiting, 0);
}

TEST(Capacity, WholeNodesNeedIdleNodes) {
  const ShareInfo share = ShareNamed("alpha", "main").info;
  PoolLoad pool = ShareNamed("alpha", "main", 2).load.pool;
  const CapacityNeed one_core = NeedOf({.nodes = 1, .cores = 1}, share);
  const CapacityNeed one_node = NeedOf({.nodes = 1, .cores = 64}, share);
  EXPECT_FALSE(one_core.whole_nodes);
  EXPECT_TRUE(one_node.whole_nodes);
  TakeCapacity(one_core, pool);
  EXPECT_EQ(pool.nodes_idle, 1);
  TakeCapacity(one_node, pool);
  EXPECT_EQ(pool.nodes_idle, 0);
  EXPECT_EQ(pool.cores_idle, 63);
  EXPECT_FALSE(FitsNow(one_node, pool));
  EXPECT_TRUE(FitsNow(one_core, pool));
}

TEST(Capacity, AcceleratorsCountForThemselves) {
  const ShareInfo share = ShareNamed("alpha", "main").info;
  PoolLoad pool = ShareNamed("alpha", "main", 1).load.pool;
  const CapacityNeed need = NeedOf({.nodes = 1, .cores = 1, .accelerators = 3}, share);
  EXPECT_TRUE(FitsNow(need, pool));
  TakeCapacity(need, pool);
  EXPECT_EQ(pool.accelerators_idle, 1);
  EXPECT_FALSE(FitsNow(need, pool));
}

TEST(Share, NamesComeBack) {
  for (const SiteState state :
       {SiteState::kRegistered, SiteState::kActive, SiteState::kDraining, SiteState::kQuarantined}) {
    EXPECT_EQ(ParseSiteState(SiteStateName(state)), state);
  }
  for (const AccountMode mode : {AccountMode::kOwnAccount, AccountMode::kHelper, AccountMode::kCommunityAccount}) {
    EXPECT_EQ(ParseAccountMode(AccountModeName(mode)), mode);
  }
}

}  // namespace
}  // namespace turnpike
