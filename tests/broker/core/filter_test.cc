#include "broker/core/filter.h"

#include <gmock/gmock.h>

#include <functional>
#include <set>

#include "broker/core/reason.h"
#include "tests/broker/core/match_fixture.h"

namespace turnpike {
namespace {

using Reason = RefusalReason;

// One thing about the request or the share that makes the share refuse it, and what people read then.
struct Case {
  Reason reason;
  std::function<void(JobRequest&, MatchFixture&)> change;
  const char* sentence;
};

ShareView& Main(MatchFixture& fixture) {
  return fixture.Share("alpha/main");
}

const Case kCases[] = {
    {Reason::kSiteNotChosen,
     [](JobRequest& r, MatchFixture&) {
       r.sites = {"beta", "gamma"};
     },
     "alpha/main is not among the sites asked for: beta, gamma"},
    {Reason::kSiteExcluded, [](JobRequest& r, MatchFixture&) { r.excluded_sites = {"alpha"}; },
     "alpha/main is at a site that the job excludes"},
    {Reason::kRegion, [](JobRequest& r, MatchFixture&) { r.regions = {"cn-east"}; },
     "alpha/main is in region eu, the job asks for cn-east"},
    {Reason::kShareAvoided, [](JobRequest& r, MatchFixture&) { r.avoided_shares = {"alpha/main"}; },
     "alpha/main refused the job already"},
    {Reason::kArchitecture,
     [](JobRequest& r, MatchFixture&) {
       r.cpu_architectures = {"aarch64", "ppc64le"};
     },
     "alpha/main has x86_64 processors, the job runs on aarch64, ppc64le"},
    {Reason::kAcceleratorModel,
     [](JobRequest& r, MatchFixture&) { r.accelerator_model = "h100", r.accelerators_per_node = 1; },
     "alpha/main has accelerators of model a100, the job needs h100"},
    {Reason::kAcceleratorModel,
     [](JobRequest& r, MatchFixture& f) {
       r.accelerator_model = "gpu", r.accelerators_per_node = 1;
       Main(f).info.node.accelerators = 0;
       Main(f).info.node.accelerator_model.clear();
     },
     "alpha/main has accelerators of model none, the job needs gpu"},
    {Reason::kAcceleratorsPerNode,
     [](JobRequest& r, MatchFixture&) { r.accelerator_model = "a100", r.accelerators_per_node = 5; },
     "alpha/main has 4 accelerators on a node, the job needs 5"},
    {Reason::kCoresPerNode, [](JobRequest& r, MatchFixture&) { r.tasks = 13, r.cpus_per_task = 5; },
     "alpha/main has 64 cores on a node, the job needs 65"},
    {Reason::kCoresPerNode, [](JobRequest& r, MatchFixture&) { r.exclusive = true, r.cpus_per_task = 65; },
     "alpha/main has 64 cores on a node, the job needs 65"},
    {Reason::kMemoryPerNode, [](JobRequest& r, MatchFixture&) { r.memory_per_node_mib = 256'001; },
     "alpha/main has 256000 MiB on a node, the job needs 256001"},
    {Reason::kMemoryPerNode,
     [](JobRequest& r, MatchFixture& f) { r.memory_per_node_mib = 200'000, Main(f).info.memory_per_core_mib = 2'000; },
     "alpha/main has 256000 MiB on a node and gives 2000 MiB with each of 64 cores, the job needs 200000 MiB"},
    {Reason::kNodesTotal, [](JobRequest& r, MatchFixture&) { r.nodes = r.tasks = 11; },
     "alpha/main has 10 nodes in service, the job needs 11"},
    {Reason::kNodesMax,
     [](JobRequest& r, MatchFixture& f) { r.nodes = r.tasks = 3, Main(f).info.limits.nodes_max = 2; },
     "alpha/main lets one job have 2 nodes, this one needs 3"},
    {Reason::kCoresMax, [](JobRequest& r, MatchFixture& f) { r.exclusive = true, Main(f).info.limits.cores_max = 63; },
     "alpha/main lets one job have 63 cores, this one would hold 64"},
    {Reason::kTimeLimitMax,
     [](JobRequest&, MatchFixture& f) { Main(f).info.limits.time_limit_max = std::chrono::minutes(59); },
     "alpha/main lets a job run 0:59:00 at most, this one asks for 1:00:00"},
    {Reason::kTimeLimitMissing, [](JobRequest& r, MatchFixture&) { r.time_limit.reset(); },
     "alpha/main has no default time limit, and the job gives none"},
    {Reason::kNotGuarded, [](JobRequest&, MatchFixture& f) { Main(f).info.guarded = false; },
     "alpha/main cannot prove that a job starts only once, and the job is not marked rerun_safe"},
    {Reason::kUnit, [](JobRequest& r, MatchFixture&) { r.unit = "CNY"; },
     "alpha/main is priced in EUR, the account is kept in CNY"},
    {Reason::kBudget, [](JobRequest& r, MatchFixture&) { r.budget_micros = 19'999; },
     "alpha/main costs up to 0.02 EUR, the job may cost 0.019999 EUR"},
    {Reason::kNoPrice, [](JobRequest&, MatchFixture& f) { f.prices[0].rates[0].reset(); }, "alpha/main has no price"},
    {Reason::kNoPrice, [](JobRequest& r, MatchFixture&) { r.price_list = 7; }, "alpha/main has no price"},
    {Reason::kRoundTrip, [](JobRequest& r, MatchFixture&) { r.round_trip_max = std::chrono::milliseconds(20); },
     "alpha/main has a round trip that nobody has measured, the job allows 20.0 ms"},
    {Reason::kRoundTrip,
     [](JobRequest& r, MatchFixture& f) {
       r.round_trip_max = std::chrono::microseconds(179'999);
       r.user_region = "cn-east";
       f.SetRoundTrip("cn-east", "alpha/main", std::chrono::milliseconds(180));
     },
     "alpha/main has a round trip of 180 ms from region cn-east, the job allows 180 ms"},
    {Reason::kRoundTrip,
     [](JobRequest& r, MatchFixture& f) {
       r.round_trip_max = std::chrono::milliseconds(1);
       f.SetRoundTrip("", "alpha/main", std::chrono::microseconds(1'001));
     },
     "alpha/main has a round trip of 1.0 ms from the broker, the job allows 1.0 ms"},
    {Reason::kSiteNotActive, [](JobRequest&, MatchFixture& f) { f.Site("alpha/main").state = SiteState::kQuarantined; },
     "alpha/main is at a site that is QUARANTINED"},
    {Reason::kSiteNotActive, [](JobRequest&, MatchFixture& f) { f.Site("alpha/main").state = SiteState::kRegistered; },
     "alpha/main is at a site that is REGISTERED"},
    {Reason::kSiteDraining, [](JobRequest&, MatchFixture& f) { f.Site("alpha/main").state = SiteState::kDraining; },
     "alpha/main takes nothing new: its site is DRAINING"},
    {Reason::kSiteOffline, [](JobRequest&, MatchFixture& f) { f.Site("alpha/main").connected = false; },
     "alpha/main is out of reach: its site's agent is not connected"},
    {Reason::kSiteSilent,
     [](JobRequest&, MatchFixture& f) { f.Site("alpha/main").last_seen = kNow - std::chrono::seconds(61); },
     "alpha/main is silent: its site was last heard of at 2027-01-15T07:58:59.000000Z"},
    {Reason::kSiteSilent, [](JobRequest&, MatchFixture& f) { f.Site("alpha/main").last_seen.reset(); },
     "alpha/main is silent: its site was never heard of"},
    {Reason::kLoadStale,
     [](JobRequest&, MatchFixture& f) { Main(f).load.observed_at = kNow - std::chrono::seconds(901); },
     "alpha/main last said at 2027-01-15T07:44:59.000000Z how busy it is"},
    {Reason::kShareClosed,
     [](JobRequest&, MatchFixture& f) { Main(f).load.open = false, Main(f).load.closed_reason = "PartitionDown"; },
     "alpha/main is closed: PartitionDown"},
    {Reason::kShareClosed, [](JobRequest&, MatchFixture& f) { f.Pool("alpha/main").nodes_total = 0; },
     "alpha/main has no node in service"},
    {Reason::kDeadline, [](JobRequest& r, MatchFixture&) { r.deadline = kNow + std::chrono::minutes(59); },
     "alpha/main cannot end it by its deadline, 2027-01-15T08:59:00.000000Z: it may run for 1:00:00"},
    {Reason::kStartTooLate,
     [](JobRequest& r, MatchFixture& f) {
       r.deadline = kNow + std::chrono::minutes(90);
       Main(f).load.core_seconds_waiting = 640 * 3'600;
     },
     "alpha/main would start it too late to end by its deadline, 2027-01-15T09:30:00.000000Z, with a limit of "
     "1:00:00"},
    {Reason::kMaintenance,
     [](JobRequest&, MatchFixture& f) {
       Main(f).load.windows = {{.share = "",
                                .start = kNow + std::chrono::minutes(30),
                                .end = kNow + std::chrono::hours(5),
                                .reason = "switches"}};
     },
     "alpha/main has maintenance from 2027-01-15T08:30:00.000000Z to 2027-01-15T13:00:00.000000Z (switches), into "
     "which "
     "it would run with its limit of 1:00:00"},
    {Reason::kShareFailing,
     [](JobRequest&, MatchFixture& f) {
       Main(f).breaker =
           BreakerStanding{.failures = 5, .open_until = kNow + std::chrono::minutes(1), .last_failure = "node n1 died"};
     },
     "alpha/main is left alone until 2027-01-15T08:01:00.000000Z: 5 jobs in a row failed there by the site's fault, "
     "the "
     "last one: node n1 died"},
    {Reason::kShareFailing,
     [](JobRequest&, MatchFixture& f) {
       Main(f).breaker = BreakerStanding{.failures = 5, .open_until = kNow, .last_failure = "node n1 died"};
       Main(f).attempts.unstarted = 1;
     },
     "alpha/main is tried with one job at a time: 5 jobs in a row failed there by the site's fault, the last one: node "
     "n1 died"},
};

TEST(Filter, EachReasonHasItsSentenceWithWhatIsNeededAndWhatIsThere) {
  for (const Case& each : kCases) {
    MatchFixture fixture({ShareNamed("alpha", "main")});
    JobRequest request = OneCore();
    each.change(request, fixture);
    const MatchSetting setting = fixture.Setting();
    const ShareCandidate candidate = CandidateOf(request, 0, setting);
    const FilterVerdict verdict = Filter(request, candidate, fixture.policy);
    ASSERT_TRUE(verdict.refusal) << each.sentence;
    EXPECT_EQ(RefusalReasonName(*verdict.refusal), RefusalReasonName(each.reason));
    EXPECT_EQ(RefusalSentence(*verdict.refusal, request, candidate), each.sentence);
    EXPECT_EQ(verdict.eligible, each.reason > Reason::kRoundTrip) << each.sentence;
  }
}

TEST(Filter, EveryReasonOfTheFilterHasACase) {
  std::set<Reason> covered = {Reason::kFailedHere, Reason::kProjectPaused, Reason::kPriceAboveObjective, Reason::kFull,
                              Reason::kOfferLimit};
  for (const Case& each : kCases) {
    covered.insert(each.reason);
  }
  EXPECT_EQ(covered.size(), std::size(kRefusalReasons));
}

TEST(Filter, SharePassesWithTheWholeFit) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  JobRequest request = OneCore();
  request.time_limit.reset();
  request.cpus_per_task = 2;
  Main(fixture).info.limits.time_limit_default = std::chrono::hours(2);
  Main(fixture).info.overrun = std::chrono::hours(1);
  const FilterVerdict verdict = Filter(request, CandidateOf(request, 0, fixture.Setting()), fixture.policy);
  EXPECT_FALSE(verdict.refusal) << RefusalReasonName(*verdict.refusal);
  EXPECT_TRUE(verdict.eligible);
  EXPECT_EQ(verdict.fit.time_limit, std::chrono::hours(2));
  EXPECT_EQ(verdict.fit.need.amounts, (ResourceAmounts{1, 2, 0, 8'000}));
  EXPECT_EQ(verdict.fit.ceiling_micros, 2 * 3 * 20'000);
}

TEST(Filter, WhatIsJustEnoughPasses) {
  const std::function<void(JobRequest&, MatchFixture&)> changes[] = {
      [](JobRequest& r, MatchFixture&) {
        r.sites = {"beta", "alpha"};
      },
      [](JobRequest& r, MatchFixture&) { r.excluded_sites = {"beta"}; },
      [](JobRequest& r, MatchFixture&) {
        r.regions = {"us", "eu"};
      },
      [](JobRequest& r, MatchFixture&) { r.avoided_shares = {"alpha/other"}; },
      [](JobRequest& r, MatchFixture&) {
        r.cpu_architectures = {"aarch64", "x86_64"};
      },
      [](JobRequest& r, MatchFixture&) { r.accelerator_model = "gpu", r.accelerators_per_node = 4; },
      [](JobRequest& r, MatchFixture&) { r.tasks = 64; },
      [](JobRequest& r, MatchFixture&) { r.memory_per_node_mib = 256'000; },
      [](JobRequest& r, MatchFixture&) { r.nodes = r.tasks = 10; },
      [](JobRequest& r, MatchFixture& f) { r.nodes = r.tasks = 2, Main(f).info.limits.nodes_max = 2; },
      [](JobRequest& r, MatchFixture& f) { r.exclusive = true, Main(f).info.limits.cores_max = 64; },
      [](JobRequest&, MatchFixture& f) { Main(f).info.limits.time_limit_max = std::chrono::hours(1); },
      [](JobRequest& r, MatchFixture& f) { r.rerun_safe = true, Main(f).info.guarded = false; },
      [](JobRequest& r, MatchFixture&) { r.budget_micros = 20'000; },
      [](JobRequest&, MatchFixture& f) { f.Site("alpha/main").last_seen = kNow - std::chrono::seconds(60); },
      [](JobRequest&, MatchFixture& f) { Main(f).load.observed_at = kNow - std::chrono::seconds(900); },
      // Whole nodes give all they have, so the ratio of memory to cores does not matter there.
      [](JobRequest& r, MatchFixture& f) {
        r.exclusive = true, r.memory_per_node_mib = 200'000, Main(f).info.memory_per_core_mib = 2'000;
      },
  };
  for (size_t i = 0; i < std::size(changes); ++i) {
    MatchFixture fixture({ShareNamed("alpha", "main")});
    JobRequest request = OneCore();
    changes[i](request, fixture);
    const FilterVerdict verdict = Filter(request, CandidateOf(request, 0, fixture.Setting()), fixture.policy);
    EXPECT_FALSE(verdict.refusal) << "change " << i << ": " << RefusalReasonName(*verdict.refusal);
  }
}

// A site counts the nodes in service, and shows none of a partition that is missing for a moment.
TEST(Filter, ARoundTripThatIsJustShortEnoughPasses) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  JobRequest request = OneCore();
  request.round_trip_max = std::chrono::milliseconds(20);
  fixture.SetRoundTrip("", "alpha/main", std::chrono::milliseconds(20));
  EXPECT_FALSE(Filter(request, CandidateOf(request, 0, fixture.Setting()), fixture.policy).refusal);
  request.user_region = "cn-east";
  EXPECT_FALSE(Filter(request, CandidateOf(request, 0, fixture.Setting()), fixture.policy).refusal)
      << "nothing else is known of the region";
  request.round_trip_max.reset();
  fixture.SetRoundTrip("cn-east", "alpha/main", std::chrono::seconds(60));
  EXPECT_FALSE(Filter(request, CandidateOf(request, 0, fixture.Setting()), fixture.policy).refusal);
}

TEST(Filter, NodesThatAreAwayForAWhileAreNoReasonToGiveTheJobUp) {
  JobRequest request = OneCore();
  request.nodes = request.tasks = 10;
  MatchFixture drained({ShareNamed("alpha", "main", 9)});
  const FilterVerdict few = Filter(request, CandidateOf(request, 0, drained.Setting()), drained.policy);
  EXPECT_EQ(few.refusal, Reason::kNodesTotal);
  EXPECT_FALSE(few.eligible);
  EXPECT_FALSE(IsPermanent(Reason::kNodesTotal));

  MatchFixture missing({ShareNamed("alpha", "main")});
  Main(missing).info.node = {};
  request.cpu_architectures = {"x86_64"};
  request.accelerator_model = "a100", request.accelerators_per_node = 1;
  const ShareCandidate candidate = CandidateOf(request, 0, missing.Setting());
  const FilterVerdict none = Filter(request, candidate, missing.policy);
  EXPECT_EQ(none.refusal, Reason::kShareClosed);
  EXPECT_FALSE(none.eligible);
  EXPECT_EQ(RefusalSentence(*none.refusal, request, candidate), "alpha/main has no node in service");
}

TEST(Filter, PriceBeyondAllMoneyIsARefusalNotAWrap) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  fixture.SetRate("alpha/main", INT64_MAX);
  JobRequest request = OneCore();
  request.cpus_per_task = 64;
  EXPECT_EQ(Filter(request, CandidateOf(request, 0, fixture.Setting()), fixture.policy).refusal, Reason::kBudget);
}

TEST(Filter, NamesAreAllDifferent) {
  std::set<std::string_view> names;
  for (const Reason reason : kRefusalReasons) {
    EXPECT_FALSE(RefusalReasonName(reason).empty());
    names.insert(RefusalReasonName(reason));
  }
  EXPECT_EQ(names.size(), std::size(kRefusalReasons));
}

TEST(Reason, TellsWhatPassesAndCountsWhatDoesNot) {
  MatchFixture fixture({ShareNamed("alpha", "main"), ShareNamed("beta", "main"), ShareNamed("gamma", "main")});
  JobRequest request = OneCore();
  request.cpus_per_task = 65;
  const std::vector<ShareRefusal> refusals = {
      {0, Reason::kFull}, {1, Reason::kCoresPerNode}, {2, Reason::kCoresPerNode}};
  EXPECT_EQ(WaitingReason(request, refusals, fixture.Setting()),
            "alpha/main is full; 2 shares can never run it: beta/main has 64 cores on a node, the job needs 65; "
            "gamma/main has 64 cores on a node, the job needs 65");
  EXPECT_EQ(WaitingReason(request, std::vector<ShareRefusal>{{1, Reason::kCoresPerNode}}, fixture.Setting()),
            "no share can ever run it: beta/main has 64 cores on a node, the job needs 65");
  EXPECT_EQ(WaitingReason(request, {}, fixture.Setting()), "no site offers a share yet");
}

TEST(Reason, IsShortAndNeverCutsACharacter) {
  ShareStatus closed = ShareNamed("alpha", "main");
  closed.load.open = false;
  for (size_t padding = 0; padding < 3; ++padding) {
    closed.load.closed_reason = std::string(padding, 'x');
    for (int i = 0; i < 200; ++i) {
      closed.load.closed_reason += "\u7ef4";
    }
    MatchFixture fixture({closed});
    const std::string reason =
        WaitingReason(OneCore(), std::vector<ShareRefusal>{{0, Reason::kShareClosed}}, fixture.Setting());
    EXPECT_LE(reason.size(), kReasonBytesMax);
    const std::string before_dots = reason.substr(0, reason.size() - 3);
    EXPECT_TRUE(before_dots.ends_with("\u7ef4")) << before_dots.substr(before_dots.size() - 6);
  }
}

TEST(Reason, FewAreNamedAndTheRestCounted) {
  std::vector<ShareStatus> shares;
  std::vector<ShareRefusal> refusals;
  for (uint32_t i = 0; i < 5; ++i) {
    shares.push_back(ShareNamed("s" + std::to_string(i), "m"));
    refusals.push_back({i, Reason::kFull});
  }
  MatchFixture fixture(shares);
  EXPECT_EQ(WaitingReason(OneCore(), refusals, fixture.Setting()), "s0/m is full; s1/m is full; and 3 more");
}

}  // namespace
}  // namespace turnpike
