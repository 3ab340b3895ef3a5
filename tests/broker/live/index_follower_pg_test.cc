// What a round of placement makes of what stands in the database, against a real PostgreSQL.

#include <gmock/gmock.h>

#include "tests/broker/live/federation_fixture.h"

namespace turnpike {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class IndexFollowerTest : public FederationTest {
 protected:
  void SetUp() override {
    FederationTest::SetUp();
    const Result<EventPosition> head = events_.Head();
    ASSERT_TRUE(head.ok()) << head.status();
    position_ = *head;
    ASSERT_TRUE(index_.Rebuild().ok());
  }

  void Follow() {
    const Result<std::vector<LoggedEvent>> events = events_.ReadAfter(position_, 10'000);
    ASSERT_TRUE(events.ok()) << events.status();
    ASSERT_TRUE(index_.Apply(*events).ok());
    position_ = events->empty() ? position_ : events->back().position;
  }
  int64_t CoresIdle() const { return index_.Basis()->federation.pools.front().load.cores_idle; }

  EventPosition position_;
};

TEST_F(IndexFollowerTest, AJobWithADeadlineOutlivesANodeThatIsDrained) {
  const JobView job = Submit(JobWith([&](JobRequest& request) {
    request.nodes = request.tasks = 9;
    request.deadline = database_.Now() + std::chrono::hours(24);
  }));
  Follow();
  StoreCapacity(8);
  ASSERT_TRUE(index_.RefreshSites().ok());
  const RoundPlan drained = index_.PlanRound();
  EXPECT_THAT(drained.hopeless, IsEmpty());
  EXPECT_THAT(drained.attempts, IsEmpty());
  EXPECT_THAT(index_.WaitingReasonOf(job.job_id), HasSubstr("alpha/main has 8 nodes in service, the job needs 9"));
  StoreCapacity(9);
  ASSERT_TRUE(index_.RefreshSites().ok());
  EXPECT_THAT(index_.PlanRound().attempts, SizeIs(1));
}

// The site's figures are as old as their arrival; so is a start, whatever the site's clock says of it.
TEST_F(IndexFollowerTest, AStartIsComparedWithFiguresByOneClock) {
  for (const std::chrono::hours off : {std::chrono::hours(-5), std::chrono::hours(5)}) {
    const AttemptId attempt = Place(Submit(JobWith([](JobRequest&) {})));
    std::vector<SiteReport> reports = {Report(ReportKind::kClaimed, attempt), Report(ReportKind::kSubmitted, attempt),
                                       Report(ReportKind::kStarted, attempt)};
    reports[1].local_job_id = "17";
    reports[2].start_time = database_.Now() + off;
    ASSERT_TRUE(Apply(reports).ok());
    Follow();
    ASSERT_TRUE(index_.RefreshSites().ok());
    EXPECT_EQ(CoresIdle(), 9 * 64 - 1);  // The figures came before the start …
    StoreCapacity(9);
    ASSERT_TRUE(index_.RefreshSites().ok());
    EXPECT_EQ(CoresIdle(), 9 * 64);  // … and these after it.
  }
}

TEST_F(IndexFollowerTest, ASiteThatComesBackGetsNothingByFiguresOfBeforeItWent) {
  const JobView job = Submit(JobWith([](JobRequest&) {}));
  database_.AsSuperuser("UPDATE site SET last_seen_at = now() - interval '2 days'");
  database_.AsSuperuser("UPDATE site_capacity SET reported_at = now() - interval '2 days'");
  Follow();
  const Result<OpenedSession> session = links_.OpenSession({.site_id = site_id_,
                                                            .replica = "test",
                                                            .journal_id = journal_,
                                                            .journal_seq = 0,
                                                            .epoch_seen = epoch_,
                                                            .scheduler = "process"});
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_TRUE(index_.RefreshSites().ok());
  EXPECT_THAT(index_.PlanRound().attempts, IsEmpty());
  EXPECT_THAT(index_.WaitingReasonOf(job.job_id), HasSubstr("how busy it is"));
  epoch_ = session->epoch;
  StoreCapacity(9);
  ASSERT_TRUE(index_.RefreshSites().ok());
  EXPECT_THAT(index_.PlanRound().attempts, SizeIs(1));
}

TEST_F(IndexFollowerTest, ARoundGivesUpAThousandJobsAndLeavesTheOthersToTheNext) {
  SubmitMany(1'300, HopelessJobOf());
  Follow();
  const RoundPlan first = index_.PlanRound();
  EXPECT_THAT(first.hopeless, SizeIs(kHopelessMax));
  EXPECT_TRUE(first.cut_short);
  EXPECT_EQ(*placement_.FailHopeless(first.hopeless), kHopelessMax);
  Follow();
  const RoundPlan second = index_.PlanRound();
  EXPECT_THAT(second.hopeless, SizeIs(300));
  EXPECT_FALSE(second.cut_short);
}

TEST_F(IndexFollowerTest, ASiteThatSubmitsNothingGetsNoMoreOffersThanItMayHave) {
  StoreCapacity(1'000);
  ASSERT_TRUE(index_.RefreshSites().ok());
  SubmitMany(kOffersMax + 3, JobWith([](JobRequest&) {}));
  const JobView waiting = Submit(JobWith([](JobRequest&) {}));
  Follow();
  const std::vector<PlannedAttempt> plan = index_.PlanRound().attempts;
  ASSERT_THAT(plan, SizeIs(kOffersMax));
  ASSERT_EQ(*placement_.CommitPlan(plan, std::chrono::seconds(60), nullptr), static_cast<size_t>(kOffersMax));
  Follow();
  EXPECT_THAT(index_.PlanRound().attempts, IsEmpty());
  EXPECT_THAT(index_.WaitingReasonOf(waiting.job_id), HasSubstr("has as many offers on the way as its site may get"));
  // One of them is submitted, which makes room for one.
  std::vector<SiteReport> reports = {Report(ReportKind::kClaimed, plan.front().attempt_id),
                                     Report(ReportKind::kSubmitted, plan.front().attempt_id)};
  reports[1].local_job_id = "17";
  ASSERT_TRUE(Apply(reports).ok());
  Follow();
  EXPECT_THAT(index_.PlanRound().attempts, SizeIs(1));
}

TEST_F(IndexFollowerTest, ACapacityThatCannotBeReadKeepsItsOwnSiteOutAndNoOther) {
  database_.AsSuperuser(
      "INSERT INTO site (site_id, name, display_name, region, time_zone, state) "
      "VALUES (gen_random_uuid(), 'broken', '', '', 'UTC', 'ACTIVE')");
  database_.AsSuperuser(
      "INSERT INTO site_capacity (site_id, epoch, number, body, reported_at) "
      "SELECT site_id, 1, 1, 'no capacity', now() FROM site WHERE name = 'broken'");
  ASSERT_TRUE(index_.RefreshSites().ok());
  Submit(JobWith([](JobRequest&) {}));
  Follow();
  EXPECT_THAT(index_.PlanRound().attempts, SizeIs(1));
  IndexFollower restarted(
      {.placement = placement_, .sites = sites_, .ids = database_.ids(), .clock = clock_, .policy = {}});
  ASSERT_TRUE(restarted.Rebuild().ok());
  EXPECT_THAT(restarted.Basis()->federation.shares, SizeIs(1));
  EXPECT_THAT(restarted.Basis()->federation.sites, SizeIs(2));
}

}  // namespace
}  // namespace turnpike
