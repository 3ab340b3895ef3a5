// Shares that fail under jobs, and windows in which sites are not to be used, as every broker reads them.

#include <gmock/gmock.h>

#include "broker/core/capacity_codec.h"
#include "broker/live/index_follower.h"
#include "tests/broker/pg/job_life_fixture.h"

namespace turnpike {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ShareBreakerTest : public JobLifeTest {
 protected:
  // A life that the site cut off.
  std::vector<SiteReport> CutOff(AttemptId attempt) {
    std::vector<SiteReport> reports = WholeLife(attempt);
    reports[3].kind = ReportKind::kInterrupted;
    reports[3].cause = EndCause::kNone;
    reports[3].exit_code.reset();
    reports[3].detail = "node n1 died";
    return reports;
  }
  void FailOnce() { ASSERT_TRUE(Apply(CutOff(Place(Submit(Job(1'000))))).ok()); }
  std::vector<std::pair<std::string, BreakerStanding>> Breakers() { return sites_.Find("alpha")->breakers; }
};

TEST_F(ShareBreakerTest, FiveFailuresInARowOpenItAndAGoodEndForgetsThem) {
  for (int i = 0; i < 4; ++i) {
    FailOnce();
  }
  ASSERT_EQ(Breakers().size(), 1U);
  EXPECT_EQ(Breakers()[0].first, "main");
  EXPECT_EQ(Breakers()[0].second.failures, 4);
  EXPECT_EQ(StateOf(Breakers()[0].second, database_.Now()), BreakerState::kClosed);
  FailOnce();
  EXPECT_EQ(StateOf(Breakers()[0].second, database_.Now()), BreakerState::kOpen);
  EXPECT_EQ(Breakers()[0].second.last_failure, "node n1 died");
  ASSERT_TRUE(Apply(WholeLife(Place(Submit(Job(100'000))))).ok());
  EXPECT_THAT(Breakers(), IsEmpty());
  ExpectSoundBooks();
}

TEST_F(ShareBreakerTest, AJobThatFailedByTheSitesFaultIsTriedElsewhereFirst) {
  NewJob job = Job(100'000);
  job.rerun_safe = true;
  const JobView submitted = Submit(job);
  ASSERT_TRUE(Apply(CutOff(Place(submitted))).ok());
  const JobView again = Get(submitted.job_id);
  EXPECT_EQ(again.state, JobState::kPending);
  const auto classes = placement_.LoadClasses({again.class_id});
  ASSERT_TRUE(classes.ok() && classes->size() == 1U);
  const Result<JobRequest> request = DecodeJobRequest(classes->front().second);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_THAT(request->failed_shares, ElementsAre("alpha/main"));
  EXPECT_THAT(request->avoided_shares, IsEmpty());
}

// Exit 87, say: the compute nodes do not see the attempt's folder.  Nothing of it counts against the job.
TEST_F(ShareBreakerTest, WhatTheSiteTakesAndNeverStartsClosesTheShareToo) {
  JobView job = Submit(Job(1'000));
  for (int i = 0; i < kBreakerFailures; ++i) {
    std::vector<SiteReport> reports = WholeLife(Place(job));
    reports.erase(reports.begin() + 2);
    reports[2].seq = reports[1].seq + 1;
    seq_ = reports[2].seq;
    reports[2].kind = ReportKind::kNotStarted;
    reports[2].not_started = NotStartedKind::kFenced;
    reports[2].detail = "the compute node could not use the attempt's folder";
    reports[2].start_time.reset();
    reports[2].usage.reset();
    ASSERT_TRUE(Apply(reports).ok());
    job = Get(job.job_id);
    ASSERT_EQ(job.state, JobState::kPending);
  }
  ASSERT_EQ(Breakers().size(), 1U);
  EXPECT_EQ(StateOf(Breakers()[0].second, database_.Now()), BreakerState::kOpen);
  EXPECT_EQ(Breakers()[0].second.last_failure, "the compute node could not use the attempt's folder");
  ExpectSoundBooks();
}

TEST_F(ShareBreakerTest, AWindowIsMadeOnceAndTakenBack) {
  const Timestamp now = database_.Now();
  const MaintenanceWindow window{.window_id = database_.ids().Random<SiteId>().uuid(),
                                 .share = "main",
                                 .start = now + std::chrono::hours(1),
                                 .end = now + std::chrono::hours(2),
                                 .reason = "switches"};
  const RequestKey key = database_.NewKey("ScheduleMaintenance", "1");
  ASSERT_EQ(*sites_.AddMaintenance(key, site_id_, window), window);
  MaintenanceWindow other = window;
  other.window_id = database_.ids().Random<SiteId>().uuid();
  EXPECT_EQ(*sites_.AddMaintenance(key, site_id_, other), window);
  EXPECT_THAT(sites_.Find("alpha")->maintenance, ElementsAre(window));
  EXPECT_TRUE(sites_.RemoveMaintenance(site_id_, window.window_id).ok());
  EXPECT_TRUE(sites_.RemoveMaintenance(site_id_, window.window_id).ok());
  EXPECT_THAT(sites_.Find("alpha")->maintenance, IsEmpty());
}

TEST_F(ShareBreakerTest, AWindowThatIsOverIsNotTold) {
  const Timestamp now = database_.Now();
  const MaintenanceWindow window{.window_id = database_.ids().Random<SiteId>().uuid(),
                                 .share = "",
                                 .start = now - std::chrono::hours(2),
                                 .end = now - std::chrono::hours(1),
                                 .reason = ""};
  ASSERT_TRUE(sites_.AddMaintenance(database_.NewKey("ScheduleMaintenance", "2"), site_id_, window).ok());
  EXPECT_THAT(sites_.Find("alpha")->maintenance, IsEmpty());
}

// What the register says reaches the matcher of any broker, and the words that users read.
TEST_F(ShareBreakerTest, NoBrokerPlacesWhereASiteIsClosedForMaintenanceOrFails) {
  database_.AsSuperuser("UPDATE site SET state = 'ACTIVE'");
  ShareStatus share;
  share.info.name = "main";
  share.info.node = {.cpu_architecture = "x86_64", .cores = 64, .memory_mib = 1'000, .accelerator_model = ""};
  share.info.guarded = true;
  share.load.pool.nodes_total = share.load.pool.nodes_idle = 1;
  share.load.pool.cores_total = share.load.pool.cores_idle = 64;
  const Timestamp now = database_.Now();
  share.load.windows = {
      {.share = {}, .start = now + std::chrono::hours(9), .end = now + std::chrono::hours(10), .reason = "cooling"}};
  ASSERT_TRUE(links_.StoreCapacity(site_id_, epoch_, 1, EncodeCapacity({share})).ok());
  NewJob job = Job(100'000);
  JobRequest request = *DecodeJobRequest(job.class_request);
  request.price_list = sites_.LatestPriceList()->id;
  request.time_limit = std::chrono::seconds(60);
  request.budget_micros.reset();
  job.class_request = EncodeJobRequest(request);
  job.class_id = ClassIdOf(job.class_request);
  const JobView waiting = Submit(job);
  IndexFollower broker(
      {.placement = placement_, .sites = sites_, .ids = database_.ids(), .clock = clock_, .policy = {}});
  const MaintenanceWindow window{.window_id = database_.ids().Random<SiteId>().uuid(),
                                 .share = "",
                                 .start = now,
                                 .end = now + std::chrono::hours(1),
                                 .reason = "switches"};
  ASSERT_TRUE(sites_.AddMaintenance(database_.NewKey("ScheduleMaintenance", "3"), site_id_, window).ok());
  ASSERT_TRUE(broker.Rebuild().ok());
  EXPECT_THAT(broker.PlanRound().attempts, IsEmpty());
  EXPECT_THAT(broker.WaitingReasonOf(waiting.job_id), ::testing::HasSubstr("(switches)"));
  ASSERT_TRUE(sites_.RemoveMaintenance(site_id_, window.window_id).ok());
  database_.AsSuperuser(
      "INSERT INTO share_breaker (site_id, share, failures, open_until, seconds, last_failure, failed_at) "
      "SELECT site_id, 'main', 5, now() + interval '1 minute', 60, 'node n1 died', now() FROM site");
  ASSERT_TRUE(broker.RefreshSites().ok());
  EXPECT_THAT(broker.PlanRound().attempts, IsEmpty());
  EXPECT_THAT(broker.WaitingReasonOf(waiting.job_id), ::testing::HasSubstr("node n1 died"));
  database_.AsSuperuser("DELETE FROM share_breaker");
  ASSERT_TRUE(broker.RefreshSites().ok());
  EXPECT_EQ(broker.PlanRound().attempts.size(), 1U);  // It ends before the cooling.
}

}  // namespace
}  // namespace turnpike
