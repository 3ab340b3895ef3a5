// A site whose own limits turn a project's jobs away: the jobs wait, the share is left alone, and every broker knows.

#include <gmock/gmock.h>

#include "broker/core/capacity_codec.h"
#include "broker/live/index_follower.h"
#include "tests/broker/pg/job_life_fixture.h"

namespace turnpike {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kLimit[] = "QOSMaxSubmitJobPerUser";

// A broker's index, as it stands after its start.
class Broker {
 public:
  explicit Broker(const IndexFollower::Parts& parts, EventLog& log) : log_(log), index_(parts) {
    position_ = *log_.Head();
    EXPECT_TRUE(index_.Rebuild().ok());
  }
  void Follow() {
    const Result<std::vector<LoggedEvent>> events = log_.ReadAfter(position_, 1'000);
    ASSERT_TRUE(events.ok()) << events.status();
    ASSERT_TRUE(index_.Apply(*events).ok());
    position_ = events->empty() ? position_ : events->back().position;
  }
  std::vector<PlannedAttempt> Plan() { return index_.PlanRound().attempts; }
  std::vector<HopelessJob> Hopeless() { return index_.PlanRound().hopeless; }
  std::string WaitingReasonOf(JobId job_id) const { return index_.WaitingReasonOf(job_id); }

 private:
  EventLog& log_;
  EventPosition position_;
  IndexFollower index_;
};

class BackPressure : public JobLifeTest {
 protected:
  void SetUp() override {
    JobLifeTest::SetUp();
    database_.AsSuperuser("UPDATE site SET state = 'ACTIVE'");
    ShareStatus share;
    share.info.name = "main";
    share.info.node.cores = 64;
    share.info.node.memory_mib = 1'000;
    share.info.limits.time_limit_default = std::chrono::hours(1);
    share.info.guarded = true;
    share.load.pool.nodes_total = share.load.pool.nodes_idle = 9;
    share.load.pool.cores_total = share.load.pool.cores_idle = 9 * 64;
    ASSERT_TRUE(links_.StoreCapacity(site_id_, epoch_, 1, EncodeCapacity({share})).ok());
  }

  Broker StartBroker() {
    return Broker({.placement = placement_, .sites = sites_, .ids = database_.ids(), .clock = clock_, .policy = {}},
                  events_);
  }
  JobView SubmitAtPrices() {
    NewJob job = Job(1'000'000);
    JobRequest request = *DecodeJobRequest(job.class_request);
    request.price_list = sites_.LatestPriceList()->id;
    request.time_limit = std::chrono::seconds(600);
    job.class_request = EncodeJobRequest(request);
    job.class_id = ClassIdOf(job.class_request);
    return Submit(job);
  }
  SiteReport TurnedAway(AttemptId attempt) {
    SiteReport report = Report(ReportKind::kNotStarted, attempt);
    report.not_started = NotStartedKind::kBackPressure;
    report.detail = kLimit;
    return report;
  }
  void TurnAway(const JobView& job) { ASSERT_TRUE(Apply({TurnedAway(Place(Get(job.job_id)))}).ok()); }
  void LetPauseLapse() { database_.AsSuperuser("UPDATE share_pause SET paused_until = now()"); }
  int64_t PauseSeconds() { return database_.CountAsSuperuser("SELECT seconds FROM share_pause"); }
};

TEST_F(BackPressure, TheJobWaitsAndTheShareIsNotAskedAgainUntilThePauseIsOver) {
  Broker broker = StartBroker();
  const JobView job = SubmitAtPrices();
  broker.Follow();
  const std::vector<PlannedAttempt> plan = broker.Plan();
  ASSERT_THAT(plan, SizeIs(1));
  ASSERT_EQ(*placement_.CommitPlan(plan, std::chrono::seconds(60), nullptr), 1U);
  ASSERT_TRUE(Apply({Report(ReportKind::kClaimed, plan[0].attempt_id), TurnedAway(plan[0].attempt_id)}).ok());
  EXPECT_EQ(Get(job.job_id).state, JobState::kPending);
  EXPECT_EQ(Get(job.job_id).money.charged_micros, 0);
  EXPECT_THAT(Get(job.job_id).reason, HasSubstr(kLimit));

  broker.Follow();
  EXPECT_THAT(broker.Plan(), IsEmpty());
  EXPECT_THAT(broker.WaitingReasonOf(job.job_id), HasSubstr("alpha/main takes nothing more of this project until "));
  EXPECT_THAT(broker.WaitingReasonOf(job.job_id), HasSubstr(kLimit));

  LetPauseLapse();
  Broker later = StartBroker();
  EXPECT_THAT(later.Plan(), SizeIs(1));
}

TEST_F(BackPressure, SurvivesARestartAndIsSeenByEveryBroker) {
  Broker other = StartBroker();
  const JobView job = SubmitAtPrices();
  TurnAway(job);
  other.Follow();
  EXPECT_THAT(other.Plan(), IsEmpty());
  Broker restarted = StartBroker();
  EXPECT_THAT(restarted.Plan(), IsEmpty());
  EXPECT_THAT(restarted.WaitingReasonOf(job.job_id), HasSubstr(kLimit));
}

TEST_F(BackPressure, GrowsWithEachRefusalAfterAPauseAndEndsWithASuccess) {
  const JobView job = SubmitAtPrices();
  TurnAway(job);
  EXPECT_EQ(PauseSeconds(), 15);
  TurnAway(job);  // It was on its way already.
  EXPECT_EQ(PauseSeconds(), 15);
  LetPauseLapse();
  TurnAway(job);
  EXPECT_EQ(PauseSeconds(), 30);
  LetPauseLapse();
  SiteReport submitted = Report(ReportKind::kSubmitted, Place(Get(job.job_id)));
  submitted.local_job_id = "1";
  ASSERT_TRUE(Apply({submitted}).ok());
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM share_pause"), 0);
}

TEST_F(BackPressure, ASuccessOfAJobThatWasOnItsWayDoesNotOpenTheShare) {
  const JobView first = SubmitAtPrices();
  const JobView second = SubmitAtPrices();
  SiteReport submitted = Report(ReportKind::kSubmitted, Place(second));
  submitted.seq = 2;
  SiteReport turned_away = TurnedAway(Place(first));
  turned_away.seq = 1;
  ASSERT_TRUE(Apply({turned_away, submitted}).ok());
  EXPECT_THAT(*placement_.LoadPauses(), SizeIs(1));
}

TEST_F(BackPressure, LeavesOtherProjectsAlone) {
  TurnAway(SubmitAtPrices());
  const Result<std::vector<StoredPause>> pauses = placement_.LoadPauses();
  ASSERT_TRUE(pauses.ok()) << pauses.status();
  ASSERT_THAT(*pauses, SizeIs(1));
  EXPECT_EQ(pauses->front().project_id, project_.project_id);
  EXPECT_EQ(pauses->front().site_id, site_id_);
  EXPECT_EQ(pauses->front().share, "main");
  const auto seen = database_.AsProjects({database_.ids().Random<ProjectId>()}, "SELECT FROM share_pause");
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_TRUE(seen->empty());
}

TEST_F(BackPressure, IsNoVerdictAboutTheJobAndARefusalForGoodIs) {
  Broker broker = StartBroker();
  const JobView job = SubmitAtPrices();
  TurnAway(job);
  broker.Follow();
  EXPECT_THAT(broker.Hopeless(), IsEmpty());

  SiteReport refused = Report(ReportKind::kNotStarted, Place(Get(job.job_id)));
  refused.not_started = NotStartedKind::kRefused;
  ASSERT_TRUE(Apply({refused}).ok());
  broker.Follow();
  const std::vector<HopelessJob> hopeless = broker.Hopeless();
  ASSERT_THAT(hopeless, SizeIs(1));
  EXPECT_EQ(*placement_.FailHopeless(hopeless), 1U);
  EXPECT_EQ(Get(job.job_id).state, JobState::kFailed);
  EXPECT_EQ(Get(job.job_id).cause, EndCause::kRefused);
}

TEST_F(BackPressure, WhatLapsedLongAgoIsRemoved) {
  TurnAway(SubmitAtPrices());
  ASSERT_TRUE(placement_.Maintain().ok());
  EXPECT_EQ(PauseSeconds(), 15);
  database_.AsSuperuser("UPDATE share_pause SET paused_until = now() - interval '25 hours'");
  ASSERT_TRUE(placement_.Maintain().ok());
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM share_pause"), 0);
}

}  // namespace
}  // namespace turnpike
