#include "broker/core/explain.h"

#include <gmock/gmock.h>

#include "tests/broker/core/match_fixture.h"

namespace turnpike {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

JobView JobAt(JobState state) {
  JobView job;
  job.state = state;
  job.site_name = "alpha";
  job.share = "main";
  job.local_job_id = "77";
  job.money = {.unit = "EUR", .reserved_micros = 1'000'000, .charged_micros = 120'000, .settled = true};
  return job;
}

TEST(ExplainShares, PutsWhatCouldTakeItFirstAndWhatNeverCanLast) {
  MatchFixture fixture({ShareNamed("alpha", "small"), ShareNamed("beta", "main"), ShareNamed("delta", "main"),
                        ShareNamed("gamma", "main")});
  fixture.Share("alpha/small").info.node.cores = 1;
  fixture.Site("beta/main").state = SiteState::kDraining;
  fixture.SetRate("delta/main", 30'000);
  JobRequest request = OneCore();
  request.cpus_per_task = 2;
  const Evaluation evaluation = Evaluate(request, fixture.Setting());
  const std::vector<ExplainedShare> shares = ExplainShares(request, evaluation, fixture.Setting());
  std::vector<std::string> order;
  for (const ExplainedShare& share : shares) {
    order.push_back(share.site + " " + share.refusal);
  }
  EXPECT_THAT(order, ElementsAre("gamma ", "delta ", "beta SITE_DRAINING", "alpha CORES_PER_NODE"));
  EXPECT_TRUE(shares[0].chosen);
  EXPECT_FALSE(shares[1].chosen);
  EXPECT_FALSE(shares[2].permanent);
  EXPECT_TRUE(shares[2].verdict.eligible);
  EXPECT_TRUE(shares[3].permanent);
  EXPECT_EQ(shares[3].explanation, "alpha/small has 1 cores on a node, the job needs 2");
  EXPECT_FALSE(shares[3].checks.empty());
}

TEST(EvaluatedReason, IsWhatARoundOfPlacementWouldSay) {
  MatchFixture fixture({ShareNamed("alpha", "main"), ShareNamed("beta", "main")});
  fixture.Site("alpha/main").connected = false;
  JobRequest request = OneCore();
  EXPECT_EQ(EvaluatedReason(request, Evaluate(request, fixture.Setting()), fixture.Setting(), {}),
            "beta/main can take it: the next round of placement decides");
  fixture.Site("beta/main").connected = false;
  fixture.Add(request);
  const Plan plan = fixture.Run();
  ASSERT_EQ(plan.refusals.size(), 1U);
  EXPECT_EQ(Evaluate(request, fixture.Setting()).refusals(), plan.refusals[0].refusals);
}

TEST(WaitingSummary, CountsWhoStandsBefore) {
  EXPECT_EQ(WaitingSummary("alpha/main is full", 0), "waits: alpha/main is full");
  EXPECT_EQ(WaitingSummary("alpha/main is full", 1), "waits behind 1 job: alpha/main is full");
  EXPECT_EQ(WaitingSummary("alpha/main is full", 3), "waits behind 3 jobs: alpha/main is full");
}

TEST(JobSummary, TellsTheSitesReasonInPlainWordsAndAsItIs) {
  JobView job = JobAt(JobState::kQueued);
  job.reason = "this center lets one user hold 128 cores";
  job.site_state = "PENDING QOSMaxCpuPerUserLimit";
  EXPECT_EQ(JobSummary(job, {}),
            "waits in the queue of alpha/main as its job 77: this center lets one user hold 128 cores "
            "[PENDING QOSMaxCpuPerUserLimit]");
  job = JobAt(JobState::kPlaced);
  job.cancel_requested = true;
  EXPECT_EQ(JobSummary(job, {}), "is on its way to alpha/main, which has not queued it yet; its end was asked for");
}

TEST(JobSummary, TellsSinceWhenAndUntilWhen) {
  JobView job = JobAt(JobState::kRunning);
  job.started_at = kNow;
  EXPECT_EQ(JobSummary(job, std::chrono::hours(2)), "runs at alpha/main since " + FormatTimestamp(kNow) + ", until " +
                                                        FormatTimestamp(kNow + std::chrono::hours(2)) +
                                                        " at the latest");
  EXPECT_THAT(JobSummary(job, {}), testing::Not(HasSubstr("until")));
}

TEST(JobSummary, TellsCauseFaultAndCharge) {
  JobView job = JobAt(JobState::kFailed);
  job.ended_at = kNow;
  job.cause = EndCause::kOutOfMemory;
  job.fault = FaultClass::kUser;
  job.exit_signal = 9;
  EXPECT_EQ(JobSummary(job, {}), "FAILED at alpha/main on " + FormatTimestamp(kNow) +
                                     ": it used more memory than it had asked for by signal 9; that is the job's own "
                                     "fault; charged 0.12 EUR of 1.00 EUR held");
  job.money.settled = false;
  EXPECT_THAT(JobSummary(job, {}), HasSubstr("not settled yet"));
}

}  // namespace
}  // namespace turnpike
