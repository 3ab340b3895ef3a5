// Jobs that are stuck, each for its own cause: the cause is named, and a change that is advised works when applied.
#include "broker/core/advice.h"

#include <gmock/gmock.h>

#include <functional>

#include "broker/core/explain.h"
#include "tests/broker/core/match_fixture.h"

namespace turnpike {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const ProjectId kProject = IdFor<ProjectId>(1);

struct StuckJob {
  std::string name;
  RefusalReason cause = RefusalReason::kFull;        // at alpha/main
  std::function<void(MatchFixture&)> at_the_shares;  // what is wrong there
  std::function<void(JobRequest&)> in_the_job;       // what is wrong with it
  std::string advice;                                // how the first one begins
  bool paused = false;                               // the job's project, at alpha/main
};

const StuckJob kStuckJobs[] = {
    {.name = "too many cores",
     .cause = RefusalReason::kCoresPerNode,
     .at_the_shares = [](MatchFixture&) {},
     .in_the_job = [](JobRequest& job) { job.cpus_per_task = 128; },
     .advice = "ask for at most 64 cores per node (--cpus-per-task=64): then alpha/main"},
    {.name = "too many tasks for one node",
     .cause = RefusalReason::kCoresPerNode,
     .at_the_shares = [](MatchFixture&) {},
     .in_the_job = [](JobRequest& job) { job.tasks = 130; },
     .advice = "ask for at most 64 cores per node (--nodes=3): then alpha/main"},
    {.name = "too much memory",
     .cause = RefusalReason::kMemoryPerNode,
     .at_the_shares = [](MatchFixture&) {},
     .in_the_job = [](JobRequest& job) { job.memory_per_node_mib = 512'000; },
     .advice = "ask for at most 256000 MiB per node (--mem=256000M): then alpha/main"},
    {.name = "memory that comes with cores",
     .cause = RefusalReason::kMemoryPerNode,
     .at_the_shares = [](MatchFixture& shares) { shares.Share("alpha/main").info.memory_per_core_mib = 1'000; },
     .in_the_job = [](JobRequest& job) { job.memory_per_cpu_mib = 100'000; },
     .advice = "ask for at most 64000 MiB per core (--mem-per-cpu=64000M): then alpha/main"},
    {.name = "accelerators of another model",
     .cause = RefusalReason::kAcceleratorModel,
     .at_the_shares = [](MatchFixture&) {},
     .in_the_job =
         [](JobRequest& job) {
           job.accelerator_model = "h100";
           job.accelerators_per_node = 8;
         },
     .advice = "ask for other accelerators (--gpus-per-node=a100:4): then alpha/main"},
    {.name = "too far away",
     .cause = RefusalReason::kRoundTrip,
     .at_the_shares =
         [](MatchFixture& shares) { shares.SetRoundTrip("cn-east", "alpha/main", std::chrono::microseconds(179'100)); },
     .in_the_job =
         [](JobRequest& job) {
           job.round_trip_max = std::chrono::milliseconds(20);
           job.user_region = "cn-east";
         },
     .advice = "allow a longer round trip (--round-trip-max=180ms): then alpha/main"},
    {.name = "nobody measured how far away",
     .cause = RefusalReason::kRoundTrip,
     .at_the_shares = [](MatchFixture&) {},
     .in_the_job = [](JobRequest& job) { job.round_trip_max = std::chrono::milliseconds(20); },
     .advice = "remove --round-trip-max: then alpha/main"},
    {.name = "too many nodes",
     .cause = RefusalReason::kNodesTotal,
     .at_the_shares = [](MatchFixture&) {},
     .in_the_job = [](JobRequest& job) { job.nodes = job.tasks = 40; },
     .advice = "ask for at most 10 nodes (--nodes=10 --ntasks=10): then alpha/main"},
    {.name = "too many cores in all",
     .cause = RefusalReason::kCoresMax,
     .at_the_shares = [](MatchFixture& shares) { shares.Share("alpha/main").info.limits.cores_max = 96; },
     .in_the_job = [](JobRequest& job) { job.tasks = 60, job.cpus_per_task = 2, job.nodes = 3; },
     .advice = "ask for at most 96 cores in all (--nodes=3 --ntasks=48): then alpha/main"},
    {.name = "maintenance ahead",
     .cause = RefusalReason::kMaintenance,
     .at_the_shares =
         [](MatchFixture& shares) {
           shares.Share("alpha/main").load.windows = {{.share = {},
                                                       .start = kNow + std::chrono::minutes(95),
                                                       .end = kNow + std::chrono::hours(9),
                                                       .reason = {}}};
         },
     .in_the_job = [](JobRequest& job) { job.time_limit = std::chrono::hours(3); },
     .advice = "shorten --time to 1:35:00: then alpha/main could run it now"},
    {.name = "deadline",
     .cause = RefusalReason::kDeadline,
     .at_the_shares = [](MatchFixture&) {},
     .in_the_job =
         [](JobRequest& job) {
           job.time_limit = std::chrono::hours(3);
           job.deadline = kNow + std::chrono::hours(2);
         },
     .advice = "shorten --time to 2:00:00: then alpha/main could run it now"},
    {.name = "time limit",
     .cause = RefusalReason::kTimeLimitMax,
     .at_the_shares =
         [](MatchFixture& shares) { shares.Share("alpha/main").info.limits.time_limit_max = std::chrono::hours(24); },
     .in_the_job = [](JobRequest& job) { job.time_limit = std::chrono::hours(30); },
     .advice = "shorten --time to 24:00:00: then alpha/main could run it now"},
    {.name = "no time limit",
     .cause = RefusalReason::kTimeLimitMissing,
     .at_the_shares = [](MatchFixture&) {},
     .in_the_job = [](JobRequest& job) { job.time_limit.reset(); },
     .advice = "give a time limit (--time=1:00:00): then alpha/main"},
    {.name = "not guarded",
     .cause = RefusalReason::kNotGuarded,
     .at_the_shares = [](MatchFixture& shares) { shares.Share("alpha/main").info.guarded = false; },
     .in_the_job = [](JobRequest&) {},
     .advice = "give --rerun-safe, if running the program twice does no harm: then alpha/main"},
    {.name = "budget",
     .cause = RefusalReason::kBudget,
     .at_the_shares = [](MatchFixture& shares) { shares.SetRate("alpha/main", 12'500'000); },
     .in_the_job = [](JobRequest& job) { job.budget_micros = 1'000'000; },
     .advice = "raise --budget to 12.50: then alpha/main could run it now"},
    {.name = "excluded site",
     .cause = RefusalReason::kSiteExcluded,
     .at_the_shares = [](MatchFixture&) {},
     .in_the_job =
         [](JobRequest& job) {
           job.excluded_sites = {"alpha", "gamma"};
         },
     .advice = "remove alpha from --exclude-site: then alpha/main could run it now"},
    {.name = "two things at once",
     .cause = RefusalReason::kRegion,
     .at_the_shares =
         [](MatchFixture& shares) { shares.Share("alpha/main").info.limits.time_limit_max = std::chrono::hours(2); },
     .in_the_job =
         [](JobRequest& job) {
           job.regions = {"us"};
           job.time_limit = std::chrono::hours(3);
         },
     .advice = "remove --region=us and shorten --time to 2:00:00: then alpha/main could run it now"},
};

// Those that a share of another site could help.
const StuckJob kWaitingJobs[] = {
    {.name = "drained site",
     .cause = RefusalReason::kSiteDraining,
     .at_the_shares = [](MatchFixture& shares) { shares.Site("alpha/main").state = SiteState::kDraining; },
     .in_the_job = [](JobRequest& job) { job.sites = {"alpha"}; },
     .advice = "remove --site=alpha: then beta/main could run it now"},
    {.name = "site offline",
     .cause = RefusalReason::kSiteOffline,
     .at_the_shares = [](MatchFixture& shares) { shares.Site("alpha/main").connected = false; },
     .in_the_job = [](JobRequest& job) { job.excluded_sites = {"beta"}; },
     .advice = "remove beta from --exclude-site: then beta/main could run it now"},
    {.name = "no price",
     .cause = RefusalReason::kNoPrice,
     .at_the_shares = [](MatchFixture& shares) { shares.prices[0].rates[0].reset(); },
     .in_the_job = [](JobRequest& job) { job.cpus_per_task = 64, job.time_limit = std::chrono::hours(9); },
     .advice = "shorten --time to 8:00:00: then beta/main could run it now"},
    {.name = "paused project",
     .cause = RefusalReason::kProjectPaused,
     .at_the_shares = [](MatchFixture&) {},
     .in_the_job = [](JobRequest& job) { job.time_limit = std::chrono::hours(9); },
     .advice = "shorten --time to 8:00:00: then beta/main could run it now",
     .paused = true},
    {.name = "too dear beside a share that is away",
     .cause = RefusalReason::kSiteOffline,
     .at_the_shares =
         [](MatchFixture& shares) {
           shares.Site("alpha/main").connected = false;
           shares.SetRate("beta/main", 90'000);
         },
     .in_the_job = [](JobRequest& job) { job.budget_micros = 50'000; },
     .advice = "raise --budget to 0.09: then beta/main could run it now"},
};

class Advices : public testing::Test {
 protected:
  // Two sites, of which the second lets a job run 8 hours.
  static MatchFixture TwoSites() {
    MatchFixture fixture({ShareNamed("alpha", "main"), ShareNamed("beta", "main")});
    fixture.Share("beta/main").info.limits.time_limit_max = std::chrono::hours(8);
    return fixture;
  }

  static void Expect(const StuckJob& stuck, MatchFixture fixture) {
    SCOPED_TRACE(stuck.name);
    JobRequest request = OneCore();
    stuck.in_the_job(request);
    stuck.at_the_shares(fixture);
    std::vector<SharePause> pauses;
    if (stuck.paused) {
      pauses.push_back({.share = 0, .project_id = kProject, .until = kNow + std::chrono::seconds(9), .limit = "QOS"});
    }
    const MatchSetting setting = fixture.Setting(pauses);
    const Evaluation evaluation = Evaluate(request, setting, kProject);
    EXPECT_EQ(evaluation.verdicts[0].refusal, stuck.cause);
    EXPECT_EQ(evaluation.best, std::nullopt);
    const std::vector<Advice> advices =
        AdviceFor({.request = request, .project_id = kProject, .available_micros = 1'000'000'000}, evaluation, setting);
    ASSERT_FALSE(advices.empty());
    EXPECT_THAT(advices.front().text, StartsWith(stuck.advice));
    EXPECT_THAT(advices.front().text, testing::Not(HasSubstr("deposit")));
    for (const Advice& advice : advices) {
      if (advice.changed) {
        EXPECT_NE(Evaluate(*advice.changed, setting, kProject).best, std::nullopt) << advice.text;
      }
    }
  }
};

TEST_F(Advices, NameAChangeThatLetsTheStuckJobRun) {
  for (const StuckJob& stuck : kStuckJobs) {
    Expect(stuck, MatchFixture({ShareNamed("alpha", "main")}));
  }
}

TEST_F(Advices, NameAChangeThatLetsTheWaitingJobRunElsewhere) {
  for (const StuckJob& waiting : kWaitingJobs) {
    Expect(waiting, TwoSites());
  }
}

TEST_F(Advices, SaveTheirBreathForAJobThatIsTakenAnyway) {
  const MatchFixture fixture = TwoSites();
  EXPECT_THAT(
      AdviceFor({.request = OneCore(), .project_id = {}}, Evaluate(OneCore(), fixture.Setting()), fixture.Setting()),
      IsEmpty());
}

TEST_F(Advices, SayWhoMustActWhereNoChangeHelps) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  fixture.prices[0].rates[0].reset();
  const auto ask = [&] {
    return AdviceFor({.request = OneCore(), .project_id = {}}, Evaluate(OneCore(), fixture.Setting()),
                     fixture.Setting());
  };
  const std::vector<Advice> advices = ask();
  ASSERT_EQ(advices.size(), 1U);
  EXPECT_EQ(advices[0].text,
            "ask the operators of alpha to set a price for alpha/main (turnpike site price set alpha)");
  EXPECT_EQ(advices[0].changed, std::nullopt);
  fixture.prices[0].rates[0] = RateSet{.unit = "EUR", .core_hour_micros = 1};
  EXPECT_TRUE(Evaluate(OneCore(), fixture.Setting()).best);
  EXPECT_THAT(ask(), IsEmpty());
}

TEST_F(Advices, SayWhatIsMissingInTheAccount) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  fixture.SetRate("alpha/main", 12'500'000);
  JobRequest request = OneCore();
  request.budget_micros = 1'000'000;
  const std::vector<Advice> advices = AdviceFor({.request = request, .project_id = {}, .available_micros = 10'000'000},
                                                Evaluate(request, fixture.Setting()), fixture.Setting());
  ASSERT_EQ(advices.size(), 1U);
  EXPECT_EQ(advices[0].text,
            "raise --budget to 12.50: then alpha/main could run it now; deposit 2.50 EUR first, as it would set aside "
            "12.50 EUR");
}

TEST_F(Advices, AJobOfYesterdaysPricesIsSubmittedAgain) {
  MatchFixture fixture({ShareNamed("alpha", "main")});
  fixture.prices.push_back(fixture.prices[0]);
  fixture.prices[1].id = 1;
  fixture.prices[0].rates[0].reset();
  JobRequest today = OneCore();
  today.price_list = 1;
  const Evaluation standing = Evaluate(OneCore(), fixture.Setting());
  EXPECT_EQ(standing.verdicts[0].refusal, RefusalReason::kNoPrice);
  const std::vector<Advice> advices =
      AdviceFor({.request = today, .project_id = {}, .available_micros = 1'000'000}, standing, fixture.Setting());
  ASSERT_EQ(advices.size(), 1U);
  EXPECT_EQ(advices[0].text,
            "submit it again, by the prices that are in force today: then alpha/main could run it now");
}

TEST_F(Advices, AreFewAndEachOnce) {
  std::vector<ShareStatus> shares;
  for (int i = 0; i < 40; ++i) {
    shares.push_back(ShareNamed(std::string("s") + static_cast<char>('a' + i % 26) + std::to_string(i), "main"));
    shares.back().info.node.cores = 10 + i % 20;
  }
  MatchFixture fixture(shares);
  JobRequest request = OneCore();
  request.cpus_per_task = 500;
  const std::vector<Advice> advices = AdviceFor({.request = request, .project_id = {}, .available_micros = 100'000'000},
                                                Evaluate(request, fixture.Setting()), fixture.Setting());
  EXPECT_EQ(advices.size(), kAdvicesMax);
  for (const Advice& advice : advices) {
    EXPECT_EQ(std::ranges::count(advices, advice.text, &Advice::text), 1);
  }
}

}  // namespace
}  // namespace turnpike
