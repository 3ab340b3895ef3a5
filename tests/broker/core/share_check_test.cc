#include "broker/core/share_check.h"

#include <gmock/gmock.h>

#include <random>

#include "broker/core/reason.h"
#include "tests/broker/core/match_fixture.h"

namespace turnpike {
namespace {

using testing::IsEmpty;

std::vector<ShareCheck> Failed(const std::vector<ShareCheck>& checks) {
  std::vector<ShareCheck> failed;
  std::ranges::copy_if(checks, std::back_inserter(failed), [](const ShareCheck& check) { return !check.passed; });
  return failed;
}

std::vector<ShareCheck> ChecksAt(MatchFixture& fixture, const JobRequest& request) {
  return ChecksOf(request, Evaluate(request, fixture.Setting()).verdicts.at(0), fixture.Setting());
}

TEST(ShareCheck, TellsBothSidesOfWhatTheJobAsksFor) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  fixture.Share("alpha/main").info.limits.time_limit_max = std::chrono::hours(24);
  JobRequest request = OneCore();
  request.cpus_per_task = 128;
  request.time_limit = std::chrono::hours(48);
  request.memory_per_node_mib = 1'000;
  const std::vector<ShareCheck> checks = ChecksAt(fixture, request);
  EXPECT_THAT(Failed(checks), testing::ElementsAre(ShareCheck{.reason = RefusalReason::kCoresPerNode,
                                                              .name = "cores per node",
                                                              .required = "128",
                                                              .available = "64",
                                                              .passed = false},
                                                   ShareCheck{.reason = RefusalReason::kTimeLimitMax,
                                                              .name = "time limit",
                                                              .required = "48:00:00",
                                                              .available = "at most 24:00:00",
                                                              .passed = false}));
  EXPECT_THAT(checks, testing::Contains(testing::AllOf(testing::Field(&ShareCheck::required, "1000 MiB"),
                                                       testing::Field(&ShareCheck::available, "256000 MiB"),
                                                       testing::Field(&ShareCheck::passed, true))));
  EXPECT_FALSE(std::ranges::any_of(checks, [](const ShareCheck& check) { return check.name == "region"; }));
}

TEST(ShareCheck, TellsTheRoundTripWhereTheJobLimitsIt) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  fixture.SetRoundTrip("", "alpha/main", std::chrono::microseconds(350));
  JobRequest request = OneCore();
  EXPECT_FALSE(std::ranges::any_of(ChecksAt(fixture, request),
                                   [](const ShareCheck& check) { return check.name == "round trip"; }));
  request.round_trip_max = std::chrono::milliseconds(20);
  request.user_region = "cn-east";
  EXPECT_THAT(ChecksAt(fixture, request), testing::Contains(ShareCheck{.reason = RefusalReason::kRoundTrip,
                                                                       .name = "round trip",
                                                                       .required = "at most 20.0 ms",
                                                                       .available = "0.35 ms from the broker",
                                                                       .passed = true}));
}

TEST(ShareCheck, NothingFailsWhereTheShareWouldBeTaken) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  EXPECT_THAT(Failed(ChecksAt(fixture, OneCore())), IsEmpty());
}

TEST(ShareCheck, TellsWhatOnlyFreeCapacityAndPausesTell) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  fixture.policy.buffer_base = fixture.policy.buffer_permille_of_nodes = 0;
  fixture.Pool("alpha/main").cores_idle = 0;
  std::vector<ShareCheck> failed = Failed(ChecksAt(fixture, OneCore()));
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed[0].name, "idle now");
  EXPECT_EQ(failed[0].required, "1 cores");

  MatchFixture paused({ShareNamed("alpha", "main")});
  const ProjectId project = IdFor<ProjectId>(1);
  const SharePause pauses[] = {
      {.share = 0, .project_id = project, .until = kNow + std::chrono::seconds(15), .limit = "QOSMaxJobs"}};
  const MatchSetting setting = paused.Setting(pauses);
  const Evaluation evaluation = Evaluate(OneCore(), setting, project);
  EXPECT_EQ(evaluation.verdicts[0].refusal, RefusalReason::kProjectPaused);
  EXPECT_EQ(evaluation.best, std::nullopt);
  EXPECT_EQ(Evaluate(OneCore(), setting, IdFor<ProjectId>(2)).best, 0U);
  EXPECT_EQ(Evaluate(OneCore(), setting).best, 0U);
  failed = Failed(ChecksOf(OneCore(), evaluation.verdicts[0], setting, project));
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_THAT(failed[0].available, testing::HasSubstr("QOSMaxJobs"));
}

// Draws a request and a share, each field often enough at odds with the other.
class Draw {
 public:
  explicit Draw(uint32_t seed) : random_(seed) {}

  JobRequest Request() {
    JobRequest request = OneCore();
    request.nodes = Pick(1, 1, 2, 12);
    request.tasks = request.nodes * Pick(1, 2, 40);
    request.cpus_per_task = Pick(1, 2, 65);
    request.memory_per_node_mib = Pick(0, 1'000, 300'000);
    request.exclusive = Pick(0, 1) == 1;
    if (Pick(0, 1) == 1) {
      request.accelerators_per_node = Pick(1, 5);
      request.accelerator_model = Pick(0, 1) == 1 ? "a100" : "h100";
    }
    if (Pick(0, 1) == 1) {
      request.time_limit.reset();
    }
    AddOneOf(request.sites, "alpha", "beta");
    AddOneOf(request.excluded_sites, "alpha", "beta");
    AddOneOf(request.regions, "eu", "us");
    AddOneOf(request.avoided_shares, "alpha/main", "beta/main");
    AddOneOf(request.cpu_architectures, "x86_64", "aarch64");
    request.unit = Pick(0, 0, 0, 1) == 1 ? "USD" : "EUR";
    request.budget_micros = Pick(1, 1'000'000, 2'000'000'000);
    return request;
  }

  MatchFixture Federation() {
    ShareStatus share = ShareNamed("alpha", "main");
    share.info.limits = {.time_limit_max = std::chrono::minutes(Pick(0, 30, 90)),
                         .time_limit_default = std::chrono::minutes(Pick(0, 20)),
                         .nodes_max = Pick(0, 1, 4),
                         .cores_max = Pick(0, 1, 64)};
    share.info.memory_per_core_mib = Pick(0, 100, 4'000);
    share.info.whole_nodes = Pick(0, 1) == 1;
    share.info.guarded = Pick(0, 1, 1) == 1;
    share.load.open = Pick(0, 1, 1) == 1;
    share.load.observed_at = kNow - std::chrono::hours(Pick(0, 0, 9));
    MatchFixture fixture({share});
    SiteInfo& site = fixture.Site("alpha/main");
    site.state = static_cast<SiteState>(Pick(0, 1, 1, 2, 3));
    site.connected = Pick(0, 1, 1) == 1;
    site.last_seen = kNow - std::chrono::hours(Pick(0, 0, 1));
    if (Pick(0, 0, 0, 1) == 1) {
      fixture.prices[0].rates[0].reset();
    }
    return fixture;
  }

 private:
  template <class... Values>
  int32_t Pick(Values... values) {
    const int32_t all[] = {values...};
    return all[std::uniform_int_distribution<size_t>(0, sizeof...(values) - 1)(random_)];
  }
  void AddOneOf(std::vector<std::string>& names, const std::string& right, const std::string& wrong) {
    if (const int32_t drawn = Pick(0, 0, 0, 0, 0, 0, 1, 2); drawn > 0) {
      names.push_back(drawn == 1 ? right : wrong);
    }
  }

  std::mt19937 random_;
};

TEST(ShareCheck, TheFirstThatFailsIsTheFiltersRefusal) {
  Draw draw(17);
  for (int i = 0; i < 20'000; ++i) {
    const JobRequest request = draw.Request();
    MatchFixture fixture = draw.Federation();
    const MatchSetting setting = fixture.Setting();
    const FilterVerdict filtered = Filter(request, CandidateOf(request, 0, setting), fixture.policy);
    const std::vector<ShareCheck> failed = Failed(ChecksAt(fixture, request));
    if (filtered.refusal) {
      ASSERT_FALSE(failed.empty()) << RefusalReasonName(*filtered.refusal);
      ASSERT_EQ(failed.front().reason, *filtered.refusal) << failed.front().name;
    }
    ASSERT_EQ(filtered.eligible, !filtered.refusal || *filtered.refusal > RefusalReason::kNoPrice);
  }
}

}  // namespace
}  // namespace turnpike
