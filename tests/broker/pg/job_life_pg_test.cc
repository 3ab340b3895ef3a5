// One job's life through the stores: submitted, placed, claimed, run, ended, charged; and what must not happen on the
// way.

#include <algorithm>
#include <future>
#include <iterator>

#include "tests/broker/pg/job_life_fixture.h"

namespace turnpike {
namespace {

class JobLife : public JobLifeTest {
 protected:
  // That it has ended is known, and nothing more.
  void ExpectEndedWithoutFigures(const JobView& job) {
    const JobView ended = Get(job.job_id);
    EXPECT_EQ(ended.state, JobState::kFailed);
    EXPECT_EQ(ended.cause, EndCause::kUnknown);
    EXPECT_EQ(ended.fault, FaultClass::kSite);
    EXPECT_EQ(ended.exit_code, std::nullopt);
    EXPECT_FALSE(ended.money.settled);
    EXPECT_EQ(
        database_.CountAsSuperuser("SELECT count(*) FROM attempt_end WHERE job_id = $1 AND charge_state = 'PENDING'",
                                   Params().Id(job.job_id)),
        1);
    EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM attempt"), 0);
  }
};

TEST_F(JobLife, EndsCompletedAndChargedOnce) {
  const JobView job = Submit(Job());
  EXPECT_EQ(Account().held_micros, kReserve);
  const AttemptId attempt = Place(job);
  const std::vector<SiteReport> reports = WholeLife(attempt);
  const Result<AppliedReports> applied = Apply(reports);
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_EQ(applied->acked_seq, 4);
  ASSERT_EQ(applied->answers.size(), 1U);
  EXPECT_EQ(applied->answers.front().phase, DesiredPhase::kGo);

  const JobView ended = Get(job.job_id);
  EXPECT_EQ(ended.state, JobState::kCompleted);
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ(ended.local_job_id, "17");
  EXPECT_EQ(ended.money.charged_micros, 10'000);
  EXPECT_EQ(ended.money.released_micros, kReserve - 10'000);
  EXPECT_TRUE(ended.money.settled);
  EXPECT_EQ(Account().balance_micros, 10'000'000 - 10'000);
  EXPECT_EQ(ledger_.Accounts({.project_id = {}, .site_id = site_id_})->front().balance_micros, 10'000);
  ExpectSoundBooks();

  // The same reports again: nothing is applied, nothing is charged, the claim is told that it is over.
  const Result<AppliedReports> repeated = Apply(reports);
  ASSERT_TRUE(repeated.ok()) << repeated.status();
  EXPECT_EQ(repeated->acked_seq, 4);
  EXPECT_EQ(Get(job.job_id).version, ended.version);
  EXPECT_EQ(Account().balance_micros, 10'000'000 - 10'000);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM usage_record"), 1);
}

TEST_F(JobLife, TheEventHistoryIsAPathOfTheStateMachine) {
  const JobView job = Submit(Job());
  ASSERT_TRUE(Apply(WholeLife(Place(job))).ok());
  const Result<std::vector<LoggedEvent>> events = events_.ReadAfter({}, 100);
  ASSERT_TRUE(events.ok()) << events.status();
  std::vector<std::string> states;
  int64_t version = 0;
  for (const LoggedEvent& event : *events) {
    states.emplace_back(JobStateName(event.job.state));
    EXPECT_GT(event.job.version, version);
    version = event.job.version;
  }
  EXPECT_EQ(states, (std::vector<std::string>{"PENDING", "PLACED", "QUEUED", "RUNNING", "COMPLETED"}));
  EXPECT_EQ(version, Get(job.job_id).version);
}

// A cancel that began before the placement, and comes to the job after it, has the older transaction of the two.
TEST_F(JobLife, ItsEventsAreFollowedInTheOrderOfItsVersionsWhoeverBeganFirst) {
  const JobView job = Submit(Job());
  std::future<Result<JobView>> cancelled;
  const auto waits_for_the_hold = [&] {
    return cancelled.wait_for(std::chrono::seconds(0)) == std::future_status::ready ||
           database_.CountAsSuperuser("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") > 0;
  };
  const Status blocked = link_transactions_.Run({.projects = {project_.project_id}, .site = {}}, [&](Transaction& tx) {
    Status locked = tx.Execute("SELECT job_id FROM funds_hold FOR UPDATE").status();
    RequestKey key = database_.NewKey("CancelJob", "body");
    key.project_id = project_.project_id;
    cancelled = std::async(std::launch::async, [&, key] { return jobs_.Cancel(key, job.job_id); });
    while (!waits_for_the_hold()) {
    }
    Place(job);
    return locked;
  });
  ASSERT_TRUE(blocked.ok()) << blocked;
  const Result<JobView> over = cancelled.get();
  ASSERT_TRUE(over.ok()) << over.status();
  EXPECT_EQ(over->state, JobState::kCancelled);
  const Result<std::vector<LoggedEvent>> events = events_.ReadAfter({}, 100);
  ASSERT_TRUE(events.ok()) << events.status();
  std::vector<std::string> states;
  for (const LoggedEvent& event : *events) {
    states.emplace_back(JobStateName(event.job.state));
  }
  EXPECT_EQ(states, (std::vector<std::string>{"PENDING", "PLACED", "CANCELLED"}));
}

// Else each site's news would wait for every other's, and for the project's submissions.
TEST_F(JobLife, ReportsThatMoveNoMoneyDoNotWaitForTheAccount) {
  const AttemptId attempt = Place(Submit(Job()));
  std::vector<SiteReport> reports = WholeLife(attempt);
  const SiteReport end = reports.back();
  reports.pop_back();
  const Status held = placement_transactions_.Run({}, [&](Transaction& tx) -> Status {
    RETURN_IF_ERROR(tx.Execute("SELECT account_id FROM account FOR UPDATE").status());
    return Apply(reports).status();
  });
  ASSERT_TRUE(held.ok()) << held;
  ASSERT_TRUE(Apply({end}).ok());
  ExpectSoundBooks();
}

TEST_F(JobLife, ARepeatedSubmissionGetsTheStoredReply) {
  SubmitCall call = Call({Job()});
  ASSERT_TRUE(jobs_.Submit({call}).ok());
  const Result<std::vector<SubmitVerdict>> again = jobs_.Submit({call});
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->front().repeated);
  EXPECT_EQ(again->front().reply, "reply");
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM job"), 1);
  call.key.request_hash = Sha256("other");
  const Result<std::vector<SubmitVerdict>> other = jobs_.Submit({call});
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(DetailsOf(other->front().status).reason, ErrorReason::kRequestIdReused);
}

TEST_F(JobLife, FundsAreSetAsideOnceAndARefusalStoresNothing) {
  const Result<std::vector<SubmitVerdict>> verdicts = jobs_.Submit({Call({Job(), Job()}), Call({Job()})});
  ASSERT_TRUE(verdicts.ok()) << verdicts.status();
  EXPECT_TRUE((*verdicts)[0].results[0].ok());
  EXPECT_TRUE((*verdicts)[0].results[1].ok());
  EXPECT_EQ(DetailsOf((*verdicts)[1].results[0].status()).reason, ErrorReason::kBalanceTooLow);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM job"), 2);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM request_key WHERE method = 'SubmitJob'"), 1);
  EXPECT_EQ(Account().held_micros, 2 * kReserve);
  ExpectSoundBooks();
}

TEST_F(JobLife, APlanForAJobThatChangedIsLeftOut) {
  const JobView job = Submit(Job());
  Place(job);
  const PlannedAttempt stale{.job_id = job.job_id,
                             .version = job.version,
                             .attempt_id = database_.ids().Random<AttemptId>(),
                             .site_id = site_id_,
                             .share = "main",
                             .price_version = 1,
                             .amounts = {}};
  EXPECT_EQ(*placement_.CommitPlan({stale}, std::chrono::seconds(60), nullptr), 0U);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM attempt"), 1);
}

TEST_F(JobLife, AJobThatWasOfferedMoreOftenThanCanBeCountedIsOfferedAgain) {
  const JobView job = Submit(Job());
  database_.AsSuperuser("UPDATE job_state SET attempt_count = 32767");
  Place(job);
  EXPECT_EQ(Get(job.job_id).attempt_count, 32'767);
}

TEST_F(JobLife, AnUnclaimedOfferIsTakenBackAndALateClaimFindsItGone) {
  const JobView job = Submit(Job());
  const AttemptId attempt = Place(job, std::chrono::seconds(-1));
  EXPECT_EQ(*placement_.WithdrawExpired(10), 1U);
  EXPECT_EQ(Get(job.job_id).state, JobState::kPending);
  const Result<AppliedReports> late = Apply({Report(ReportKind::kClaimed, attempt)});
  ASSERT_TRUE(late.ok()) << late.status();
  ASSERT_EQ(late->answers.size(), 1U);
  EXPECT_EQ(late->answers.front().phase, DesiredPhase::kGone);
  EXPECT_EQ(Get(job.job_id).state, JobState::kPending);
  EXPECT_EQ(Account().held_micros, kReserve);
}

TEST_F(JobLife, AJobThatASiteRefusedWaitsAgainAndAvoidsThatShare) {
  const JobView job = Submit(Job());
  const AttemptId attempt = Place(job);
  SiteReport refused = Report(ReportKind::kNotStarted, attempt);
  refused.not_started = NotStartedKind::kRefused;
  refused.detail = "no such partition";
  ASSERT_TRUE(Apply({refused}).ok());
  const JobView waiting = Get(job.job_id);
  EXPECT_EQ(waiting.state, JobState::kPending);
  EXPECT_NE(waiting.class_id, job.class_id);
  const auto classes = placement_.LoadClasses({waiting.class_id});
  ASSERT_TRUE(classes.ok());
  EXPECT_EQ(DecodeJobRequest(classes->front().second)->avoided_shares, (std::vector<std::string>{"alpha/main"}));
  EXPECT_EQ(*placement_.FailHopeless({{.job_id = job.job_id, .version = waiting.version, .reason = "nobody takes it"}}),
            1U);
  EXPECT_EQ(Get(job.job_id).state, JobState::kFailed);
  EXPECT_EQ(Account().held_micros, 0);
  ExpectSoundBooks();
}

TEST_F(JobLife, ACancelBeforeAClaimEndsTheJobAtOnce) {
  const JobView job = Submit(Job());
  Place(job);
  RequestKey key = database_.NewKey("CancelJob", "x");
  key.project_id = project_.project_id;
  const Result<JobView> cancelled = jobs_.Cancel(key, job.job_id);
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->state, JobState::kCancelled);
  EXPECT_EQ(Account().held_micros, 0);
  EXPECT_EQ(Account().balance_micros, 10'000'000);
  ExpectSoundBooks();
}

TEST_F(JobLife, ACancelAfterAClaimGoesToTheSite) {
  const JobView job = Submit(Job());
  const AttemptId attempt = Place(job);
  ASSERT_TRUE(Apply({Report(ReportKind::kClaimed, attempt)}).ok());
  RequestKey key = database_.NewKey("CancelJob", "x");
  key.project_id = project_.project_id;
  ASSERT_TRUE(jobs_.Cancel(key, job.job_id)->cancel_requested);
  const auto desired = links_.Desired(site_id_, {attempt});
  ASSERT_TRUE(desired.ok());
  EXPECT_EQ(desired->front().phase, DesiredPhase::kCancel);
  SiteReport fenced = Report(ReportKind::kNotStarted, attempt);
  fenced.not_started = NotStartedKind::kFenced;
  ASSERT_TRUE(Apply({fenced}).ok());
  EXPECT_EQ(Get(job.job_id).state, JobState::kCancelled);
  EXPECT_EQ(Account().held_micros, 0);
}

TEST_F(JobLife, AnInterruptedJobIsNotCharged) {
  const JobView job = Submit(Job());
  std::vector<SiteReport> reports = WholeLife(Place(job));
  reports.back().kind = ReportKind::kInterrupted;
  reports.back().detail = "the node failed";
  ASSERT_TRUE(Apply(reports).ok());
  const JobView failed = Get(job.job_id);
  EXPECT_EQ(failed.state, JobState::kFailed);
  EXPECT_EQ(failed.fault, FaultClass::kSite);
  EXPECT_EQ(failed.money.charged_micros, 0);
  EXPECT_EQ(Account().balance_micros, 10'000'000);
  ExpectSoundBooks();
}

TEST_F(JobLife, AnOlderSessionMayNotReport) {
  const JobView job = Submit(Job());
  const AttemptId attempt = Place(job);
  ASSERT_TRUE(links_
                  .OpenSession({.site_id = site_id_,
                                .replica = "b",
                                .journal_id = journal_,
                                .journal_seq = 0,
                                .epoch_seen = 0,
                                .scheduler = ""})
                  .ok());
  const Result<AppliedReports> refused = Apply({Report(ReportKind::kClaimed, attempt)});
  EXPECT_EQ(refused.status().code(), StatusCode::kAborted);
  EXPECT_EQ(DetailsOf(refused.status()).reason, ErrorReason::kSessionReplaced);
}

TEST_F(JobLife, ReportsMayHaveNoGap) {
  const AttemptId attempt = Place(Submit(Job()));
  SiteReport second = Report(ReportKind::kClaimed, attempt);
  second.seq = 2;
  EXPECT_EQ(Apply({second}).status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(JobLife, AReportThatContradictsAnEndIsKeptForAPersonAndChangesNothing) {
  const JobView job = Submit(Job());
  const std::vector<SiteReport> life = WholeLife(Place(job));
  const AttemptId attempt = *life.back().attempt_id;
  ASSERT_TRUE(Apply(life).ok());
  const JobView ended = Get(job.job_id);
  const std::vector<SiteReport> late = {Report(ReportKind::kSubmitted, attempt),
                                        Report(ReportKind::kNotStarted, attempt), Report(ReportKind::kEnded, attempt),
                                        Report(ReportKind::kClaimed, attempt)};
  const Result<AppliedReports> applied = Apply(late);
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_EQ(applied->acked_seq, late.back().seq);
  ASSERT_TRUE(Apply(late).ok());  // The same again.
  EXPECT_EQ(Get(job.job_id), ended);
  const Rows refused = database_.AsSuperuser("SELECT seq, attempt_id, kind, why FROM refused_report");
  ASSERT_EQ(refused.size(), 1);
  EXPECT_EQ(refused.Int(0, 0), late[1].seq);
  EXPECT_EQ(refused.Id<AttemptId>(0, 1), attempt);
  EXPECT_EQ(refused.Text(0, 2), "not-started");
  EXPECT_EQ(refused.Text(0, 3), "not-started reported for an attempt that is ENDED");
  ExpectSoundBooks();
}

TEST_F(JobLife, AContradictionInTheBatchOfTheEndIsKeptToo) {
  std::vector<SiteReport> life = WholeLife(Place(Submit(Job())));
  life.push_back(Report(ReportKind::kNotStarted, *life.back().attempt_id));
  ASSERT_TRUE(Apply(life).ok());
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM refused_report"), 1);
}

// The bad report is the last of the first job's life; the second job's life stands behind it in the journal.
TEST_F(JobLife, AnEndWithAnExitCodeThatNoProcessHasIsAnEndAndTheRestIsKeptForAPerson) {
  const JobView bad = Submit(Job());
  const JobView good = Submit(Job());
  std::vector<SiteReport> reports = WholeLife(Place(bad));
  reports.back().exit_code = 70'000;
  std::ranges::copy(WholeLife(Place(good)), std::back_inserter(reports));
  const Result<AppliedReports> applied = Apply(reports);
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_EQ(applied->acked_seq, reports.back().seq);
  ExpectEndedWithoutFigures(bad);
  EXPECT_EQ(Get(good.job_id).state, JobState::kCompleted);
  EXPECT_EQ(database_.AsSuperuser("SELECT why FROM refused_report").Text(0, 0),
            "exit code 70000 is not one of a process");
}

TEST_F(JobLife, OfAReportThatTheDatabaseCannotStoreTheEndIsAppliedAndTheRestOfItsBatch) {
  const JobView bad = Submit(Job());
  const JobView good = Submit(Job());
  std::vector<SiteReport> reports = WholeLife(Place(bad));
  reports.back().end_time = TimestampFromSeconds(-300'000'000'000);  // PostgreSQL's calendar begins later.
  const int64_t bad_seq = reports.back().seq;
  std::ranges::copy(WholeLife(Place(good)), std::back_inserter(reports));
  const Result<AppliedReports> applied = Apply(reports);
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_EQ(applied->acked_seq, reports.back().seq);
  EXPECT_EQ(applied->answers.size(), 2U);
  EXPECT_TRUE(applied->changed_jobs);
  ExpectEndedWithoutFigures(bad);
  EXPECT_EQ(Get(good.job_id).state, JobState::kCompleted);
  const Rows refused = database_.AsSuperuser("SELECT seq, why FROM refused_report");
  ASSERT_EQ(refused.size(), 1);
  EXPECT_EQ(refused.Int(0, 0), bad_seq);
  EXPECT_NE(refused.Text(0, 1).find("timestamp out of range"), std::string_view::npos) << refused.Text(0, 1);
  ExpectSoundBooks();
}

TEST_F(JobLife, AnEndCountsAlsoWhereItCannotBeChargedYet) {
  const JobView job = Submit(Job());
  const std::vector<SiteReport> reports = WholeLife(Place(job));
  database_.AsSuperuser("UPDATE attempt SET price_version = 99");  // which nobody has
  ASSERT_TRUE(Apply(reports).ok());
  EXPECT_EQ(Get(job.job_id).state, JobState::kCompleted);
  EXPECT_FALSE(Get(job.job_id).money.settled);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM attempt_end WHERE charge_state = 'PENDING'"), 1);
  ExpectSoundBooks();
}

TEST_F(JobLife, AnotherSitesAttemptIsUnknown) {
  const AttemptId attempt = Place(Submit(Job()));
  const SiteId other = database_.ids().Random<SiteId>();
  NewSite site;
  site.site.site_id = other;
  site.site.name = "beta";
  site.site.display_name = "Beta";
  site.site.time_zone = "UTC";
  site.token_hash = Sha256("token2");
  site.token_expires_at = database_.Now() + std::chrono::hours(1);
  ASSERT_TRUE(sites_.Register(database_.NewKey("RegisterSite", "beta"), site).ok());
  const auto session = links_.OpenSession(
      {.site_id = other, .replica = "b", .journal_id = journal_, .journal_seq = 0, .epoch_seen = 0, .scheduler = ""});
  ASSERT_TRUE(session.ok());
  SiteReport ended = Report(ReportKind::kEnded, attempt);
  const auto applied =
      links_.Apply({.site_id = other, .epoch = session->epoch, .journal_id = journal_, .reports = {ended}});
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM refused_report"), 1);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM attempt"), 1);
}

TEST_F(JobLife, AnotherProjectsJobIsNotFound) {
  const JobView job = Submit(Job());
  EXPECT_EQ(jobs_.Get(database_.ids().Random<ProjectId>(), job.job_id).status().code(), StatusCode::kNotFound);
}

TEST_F(JobLife, AJournalThatWasRolledBackIsRecovered) {
  ASSERT_TRUE(Apply(WholeLife(Place(Submit(Job())))).ok());
  const auto session = links_.OpenSession({.site_id = site_id_,
                                           .replica = "b",
                                           .journal_id = journal_,
                                           .journal_seq = 2,
                                           .epoch_seen = 0,
                                           .scheduler = ""});
  ASSERT_TRUE(session.ok());
  EXPECT_TRUE(session->recovery);
  EXPECT_EQ(session->acked_seq, 4);
}

}  // namespace
}  // namespace turnpike
