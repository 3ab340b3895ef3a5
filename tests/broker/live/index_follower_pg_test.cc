// What a round of placement makes of what stands in the database, against a real PostgreSQL.

#include <gmock/gmock.h>

#include "broker/core/capacity_codec.h"
#include "broker/live/index_follower.h"
#include "tests/broker/pg/job_life_fixture.h"

namespace turnpike {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class IndexFollowerTest : public JobLifeTest {
 protected:
  void SetUp() override {
    JobLifeTest::SetUp();
    database_.AsSuperuser("UPDATE site SET state = 'ACTIVE'");
    StoreCapacity(9);
    const Result<EventPosition> head = events_.Head();
    ASSERT_TRUE(head.ok()) << head.status();
    position_ = *head;
    ASSERT_TRUE(index_.Rebuild().ok());
  }

  static ShareStatus Main(int64_t nodes) {
    ShareStatus share;
    share.info.name = "main";
    share.info.node.cores = 64;
    share.info.node.memory_mib = 1'000;
    share.info.limits.time_limit_default = std::chrono::hours(1);
    share.info.guarded = true;
    share.load.pool.nodes_total = share.load.pool.nodes_idle = nodes;
    share.load.pool.cores_total = share.load.pool.cores_idle = nodes * 64;
    return share;
  }
  void StoreCapacity(int64_t nodes) {
    ASSERT_TRUE(links_.StoreCapacity(site_id_, epoch_, ++capacity_, EncodeCapacity({Main(nodes)})).ok());
  }
  void Follow() {
    const Result<std::vector<LoggedEvent>> events = events_.ReadAfter(position_, 10'000);
    ASSERT_TRUE(events.ok()) << events.status();
    ASSERT_TRUE(index_.Apply(*events).ok());
    position_ = events->empty() ? position_ : events->back().position;
  }
  int64_t CoresIdle() const { return index_.Basis()->federation.pools.front().load.cores_idle; }
  // By today's prices; `change` makes it another job.
  NewJob JobWith(const std::function<void(JobRequest&)>& change) {
    NewJob job = Job(1'000);
    JobRequest request = *DecodeJobRequest(job.class_request);
    request.price_list = sites_.LatestPriceList()->id;
    request.time_limit = std::chrono::seconds(600);
    request.budget_micros.reset();
    change(request);
    job.class_request = EncodeJobRequest(request);
    job.class_id = ClassIdOf(job.class_request);
    return job;
  }

  void SubmitMany(int count, NewJob job) {
    std::vector<NewJob> jobs;
    for (int i = 0; i < count; ++i) {
      job.job_id = database_.ids().TimeOrdered<JobId>();
      jobs.push_back(job);
    }
    const Result<std::vector<SubmitVerdict>> verdicts = jobs_.Submit({Call(std::move(jobs))});
    ASSERT_TRUE(verdicts.ok()) << verdicts.status();
    ASSERT_TRUE(verdicts->front().results.back().ok()) << verdicts->front().results.back().status();
  }

  IndexFollower index_{
      {.placement = placement_, .sites = sites_, .ids = database_.ids(), .clock = clock_, .policy = {}}};
  EventPosition position_;
  int64_t capacity_ = 0;
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
  SubmitMany(1'300, JobWith([&](JobRequest& request) { request.deadline = database_.Now(); }));
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
