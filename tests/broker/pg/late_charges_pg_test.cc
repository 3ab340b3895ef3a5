// Usage that comes after the end: charged once, provisionally where it had to be, and corrected once.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/broker/pg/job_life_fixture.h"

namespace turnpike {
namespace {

using ::testing::ElementsAre;

class LateCharges : public JobLifeTest {
 protected:
  struct Ended {
    JobId job_id;
    AttemptId attempt_id;
  };
  // Ran for ten seconds on one core, which cost 10,000 micros; its usage is not known.
  Ended EndWithoutUsage(int64_t reserve = kReserve) {
    const JobView job = Submit(Job(reserve));
    std::vector<SiteReport> reports = WholeLife(Place(job));
    reports.back().usage.reset();
    EXPECT_TRUE(Apply(reports).ok());
    return {.job_id = job.job_id, .attempt_id = *reports.back().attempt_id};
  }
  // Interrupted, then run again to its end; the first of its two attempts.
  Ended EndTwiceWithoutUsage() {
    NewJob rerun = Job();
    rerun.rerun_safe = true;
    const JobView job = Submit(rerun);
    std::vector<SiteReport> first = WholeLife(Place(job));
    first.back().kind = ReportKind::kInterrupted;
    first.back().usage.reset();
    EXPECT_TRUE(Apply(first).ok());
    std::vector<SiteReport> second = WholeLife(Place(Get(job.job_id)));
    second.back().usage.reset();
    EXPECT_TRUE(Apply(second).ok());
    return {.job_id = job.job_id, .attempt_id = *first.back().attempt_id};
  }
  void ReportUsage(AttemptId attempt, int64_t core_seconds, bool provisional = false) {
    SiteReport late = Report(ReportKind::kUsage, attempt);
    late.usage =
        UsageFigures{.used = {.node_seconds = core_seconds, .core_seconds = core_seconds}, .provisional = provisional};
    const Result<AppliedReports> applied = Apply({late});
    EXPECT_TRUE(applied.ok()) << applied.status();
  }
  int64_t Earned() { return ledger_.Accounts({.project_id = {}, .site_id = site_id_})->front().balance_micros; }
  std::string ChargeState(AttemptId attempt) {
    const Rows rows =
        database_.AsSuperuser("SELECT charge_state FROM attempt_end WHERE attempt_id = $1", Params().Id(attempt));
    return std::string(rows.Text(0, 0));
  }
  std::vector<std::string> TransferKinds(JobId job_id) {
    const Rows rows =
        database_.AsSuperuser("SELECT kind FROM transfer WHERE job_id = $1 ORDER BY xid", Params().Id(job_id));
    std::vector<std::string> kinds;
    for (int row = 0; row < rows.size(); ++row) {
      kinds.emplace_back(rows.Text(row, 0));
    }
    return kinds;
  }
};

TEST_F(LateCharges, ChargedWhenTheUsageComes) {
  const Ended ended = EndWithoutUsage();
  EXPECT_EQ(Get(ended.job_id).state, JobState::kCompleted);
  EXPECT_FALSE(Get(ended.job_id).money.settled);
  ReportUsage(ended.attempt_id, 10);
  EXPECT_EQ(Get(ended.job_id).money.charged_micros, 10'000);
  EXPECT_TRUE(Get(ended.job_id).money.settled);
  EXPECT_EQ(ChargeState(ended.attempt_id), "FINAL");
  EXPECT_EQ(*placement_.SettleOverdue(10), 0U);
  ExpectSoundBooks();
}

TEST_F(LateCharges, UsageThatNeverComesIsSettledFromStartToEnd) {
  const Ended ended = EndWithoutUsage();
  EXPECT_EQ(*placement_.SettleOverdue(10), 1U);
  EXPECT_EQ(*placement_.SettleOverdue(10), 0U);
  EXPECT_EQ(Get(ended.job_id).money.charged_micros, 10'000);
  EXPECT_TRUE(Get(ended.job_id).money.provisional);
  EXPECT_EQ(ChargeState(ended.attempt_id), "PROVISIONAL");
  ExpectSoundBooks();
}

TEST_F(LateCharges, WhatWasChargedTooMuchGoesBackWhenTheSchedulerSpeaks) {
  const Ended ended = EndWithoutUsage();
  ASSERT_EQ(*placement_.SettleOverdue(10), 1U);
  const int64_t version = Get(ended.job_id).version;
  ReportUsage(ended.attempt_id, 4);
  const JobView corrected = Get(ended.job_id);
  EXPECT_EQ(corrected.money.charged_micros, 4'000);
  EXPECT_EQ(corrected.money.released_micros, kReserve - 4'000);
  EXPECT_FALSE(corrected.money.provisional);
  EXPECT_TRUE(corrected.money.settled);
  EXPECT_GT(corrected.version, version);
  EXPECT_EQ(ChargeState(ended.attempt_id), "FINAL");
  EXPECT_THAT(TransferKinds(ended.job_id), ElementsAre("CHARGE", "REFUND"));
  EXPECT_EQ(Account().balance_micros, 10'000'000 - 4'000);
  EXPECT_EQ(Account().held_micros, 0);
  EXPECT_EQ(Earned(), 4'000);
  ExpectSoundBooks();
}

TEST_F(LateCharges, ASecondLateReportChangesNothing) {
  const Ended ended = EndWithoutUsage();
  ASSERT_EQ(*placement_.SettleOverdue(10), 1U);
  ReportUsage(ended.attempt_id, 4);
  const JobView corrected = Get(ended.job_id);
  ReportUsage(ended.attempt_id, 1);
  ReportUsage(ended.attempt_id, 4);
  EXPECT_EQ(Get(ended.job_id), corrected);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM usage_record"), 2);
  EXPECT_THAT(TransferKinds(ended.job_id), ElementsAre("CHARGE", "REFUND"));
  ExpectSoundBooks();
}

TEST_F(LateCharges, TheCorrectionIsToldToWatchersAndShownInPlaceOfTheFirstRecord) {
  const Ended ended = EndWithoutUsage();
  ASSERT_EQ(*placement_.SettleOverdue(10), 1U);
  ReportUsage(ended.attempt_id, 4);
  const Result<std::vector<LoggedEvent>> events = events_.ReadAfter({}, 100);
  ASSERT_TRUE(events.ok()) << events.status();
  EXPECT_EQ(events->back().kind, "CHARGED");
  EXPECT_EQ(events->back().job.money, Get(ended.job_id).money);
  EXPECT_EQ(events->back().job.version, Get(ended.job_id).version);
  const Result<std::vector<UsageView>> records =
      ledger_.Usage({.project_id = project_.project_id,
                     .job_id = ended.job_id,
                     .since = {},
                     .page = {.before_at = {}, .before_id = {}, .limit = 9}});
  ASSERT_TRUE(records.ok()) << records.status();
  ASSERT_EQ(records->size(), 1U);
  EXPECT_EQ(records->front().charged.micros, 4'000);
  EXPECT_EQ(records->front().used.core_seconds, 4);
  EXPECT_FALSE(records->front().provisional);
}

TEST_F(LateCharges, MoreThanWasChargedProvisionallyTakesNothingMore) {
  const Ended ended = EndWithoutUsage();
  ASSERT_EQ(*placement_.SettleOverdue(10), 1U);
  ReportUsage(ended.attempt_id, 30);
  EXPECT_EQ(Get(ended.job_id).money.charged_micros, 10'000);
  EXPECT_FALSE(Get(ended.job_id).money.provisional);
  EXPECT_EQ(ChargeState(ended.attempt_id), "FINAL");
  EXPECT_THAT(TransferKinds(ended.job_id), ElementsAre("CHARGE"));
  ExpectSoundBooks();
}

TEST_F(LateCharges, ARefundIsOfWhatWasChargedAndNotOfWhatItWouldHaveCost) {
  const Ended ended = EndWithoutUsage(5'000);  // The hold reached for half of it.
  ASSERT_EQ(*placement_.SettleOverdue(10), 1U);
  ASSERT_EQ(Get(ended.job_id).money.charged_micros, 5'000);
  ReportUsage(ended.attempt_id, 8);
  EXPECT_EQ(Get(ended.job_id).money.charged_micros, 5'000);
  ExpectSoundBooks();
}

TEST_F(LateCharges, TheWrappersRecordDoesNotCorrectTheClock) {
  const Ended ended = EndWithoutUsage();
  ASSERT_EQ(*placement_.SettleOverdue(10), 1U);
  ReportUsage(ended.attempt_id, 4, true);
  EXPECT_EQ(Get(ended.job_id).money.charged_micros, 10'000);
  EXPECT_EQ(ChargeState(ended.attempt_id), "PROVISIONAL");
  ReportUsage(ended.attempt_id, 4);
  EXPECT_EQ(Get(ended.job_id).money.charged_micros, 4'000);
  ExpectSoundBooks();
}

TEST_F(LateCharges, TheWrappersRecordIsCorrectedByTheScheduler) {
  const JobView job = Submit(Job());
  std::vector<SiteReport> reports = WholeLife(Place(job));
  reports.back().usage->provisional = true;
  ASSERT_TRUE(Apply(reports).ok());
  EXPECT_EQ(Get(job.job_id).money.charged_micros, 10'000);
  EXPECT_TRUE(Get(job.job_id).money.provisional);
  ReportUsage(*reports.back().attempt_id, 7);
  EXPECT_EQ(Get(job.job_id).money.charged_micros, 7'000);
  EXPECT_FALSE(Get(job.job_id).money.provisional);
  ExpectSoundBooks();
}

TEST_F(LateCharges, WhatWasAllocatedIsChargedWhereTheWrapperKnowsOnlyWhatWasAskedFor) {
  const JobView job = Submit(Job());
  std::vector<SiteReport> reports = WholeLife(Place(job));
  reports.back().usage = UsageFigures{.used = {.node_seconds = 1, .core_seconds = 1}, .provisional = true};
  ASSERT_TRUE(Apply(reports).ok());
  EXPECT_EQ(Get(job.job_id).money.charged_micros, 10'000);
  ReportUsage(*reports.back().attempt_id, 7);
  EXPECT_EQ(Get(job.job_id).money.charged_micros, 7'000);
  ExpectSoundBooks();
}

TEST_F(LateCharges, OfOneBatchTheSchedulersOwnWordCounts) {
  for (const bool own_word_first : {true, false}) {
    const JobView job = Submit(Job());
    std::vector<SiteReport> reports = WholeLife(Place(job));
    reports.back().usage->provisional = !own_word_first;
    reports.push_back(Report(ReportKind::kUsage, *reports.back().attempt_id));
    reports.back().usage = UsageFigures{.used = {.node_seconds = 6, .core_seconds = 6}, .provisional = own_word_first};
    ASSERT_TRUE(Apply(reports).ok());
    EXPECT_EQ(Get(job.job_id).money.charged_micros, own_word_first ? 10'000 : 6'000);
    EXPECT_FALSE(Get(job.job_id).money.provisional);
  }
  ExpectSoundBooks();
}

// It says that it started a day before it was offered, and that it used what it had all that day.
TEST_F(LateCharges, ASitesTimesAreBelievedWithinOurOwn) {
  for (const bool with_the_end : {true, false}) {
    const JobView job = Submit(Job());
    std::vector<SiteReport> reports = WholeLife(Place(job));
    reports[2].start_time = *reports[2].start_time - std::chrono::hours(24);
    reports[3].start_time = reports[2].start_time;
    reports[3].usage->used = {.node_seconds = 86'400, .core_seconds = 86'400};
    const std::optional<UsageFigures> usage = reports[3].usage;
    if (!with_the_end) {
      reports[3].usage.reset();
    }
    ASSERT_TRUE(Apply(reports).ok());
    if (!with_the_end) {
      // How long the usage takes to come adds nothing.
      database_.AsSuperuser(
          "UPDATE attempt_end SET known_at = known_at - interval '10 minutes', offered_at = offered_at - "
          "interval '10 minutes'");
      ReportUsage(*reports[3].attempt_id, usage->used.core_seconds);
    }
    const int64_t hour_and_tolerance = 3'660'000;
    EXPECT_GE(Get(job.job_id).money.charged_micros, hour_and_tolerance);
    EXPECT_LT(Get(job.job_id).money.charged_micros, kReserve);
    EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM usage_record WHERE disputed AND job_id = $1",
                                         Params().Id(job.job_id)),
              1);
  }
  ExpectSoundBooks();
}

TEST_F(LateCharges, WithoutUsageThePriceIsOfOurOwnTimeAtMost) {
  const JobView job = Submit(Job());
  std::vector<SiteReport> reports = WholeLife(Place(job));
  reports[2].start_time = *reports[2].start_time - std::chrono::hours(24);
  reports[3].start_time = reports[2].start_time;
  reports[3].usage.reset();
  ASSERT_TRUE(Apply(reports).ok());
  ASSERT_EQ(*placement_.SettleOverdue(10), 1U);
  EXPECT_GE(Get(job.job_id).money.charged_micros, 3'600'000);
  EXPECT_LT(Get(job.job_id).money.charged_micros, kReserve);
  ExpectSoundBooks();
}

// With the end, with a word that comes later, and with none.
TEST_F(LateCharges, WhatTheSiteTookAwayCostsNothingHoweverItsEndIsTold) {
  for (const EndCause cause : {EndCause::kPreempted, EndCause::kSiteInterrupted}) {
    for (const bool known : {true, false}) {
      const JobView job = Submit(Job());
      std::vector<SiteReport> reports = WholeLife(Place(job));
      reports.back().cause = cause;
      reports.back().exit_code.reset();
      if (!known) {
        reports.back().usage.reset();
      }
      ASSERT_TRUE(Apply(reports).ok());
      EXPECT_EQ(*placement_.SettleOverdue(10), known ? 0U : 1U);
      EXPECT_EQ(Get(job.job_id).state, JobState::kFailed);
      EXPECT_EQ(Get(job.job_id).money.charged_micros, 0);
      EXPECT_TRUE(Get(job.job_id).money.settled);
    }
  }
  EXPECT_EQ(database_.CountAsSuperuser("SELECT sum(core_seconds)::bigint FROM usage_record"), 40);
  EXPECT_EQ(Account().balance_micros, 10'000'000);
  ExpectSoundBooks();
}

TEST_F(LateCharges, WhatNeverStartedIsNotChargedWhateverUsageIsReported) {
  const JobView job = Submit(Job());
  const AttemptId attempt = Place(job);
  SiteReport fenced = Report(ReportKind::kNotStarted, attempt);
  fenced.not_started = NotStartedKind::kFenced;
  SiteReport usage = Report(ReportKind::kUsage, attempt);
  usage.usage = UsageFigures{.used = {.node_seconds = 10, .core_seconds = 10}, .provisional = false};
  ASSERT_TRUE(Apply({fenced, usage}).ok());
  ReportUsage(attempt, 10);
  EXPECT_EQ(Get(job.job_id).state, JobState::kPending);
  EXPECT_EQ(Get(job.job_id).money.charged_micros, 0);
  EXPECT_EQ(Account().balance_micros, 10'000'000);
  ExpectSoundBooks();
}

// An interrupted first attempt costs nothing; its late word must not give back what the second one will cost.
TEST_F(LateCharges, TheRestGoesBackWithTheLastOpenCharge) {
  NewJob rerun = Job();
  rerun.rerun_safe = true;
  const JobView job = Submit(rerun);
  std::vector<SiteReport> first = WholeLife(Place(job));
  first.back().kind = ReportKind::kInterrupted;
  first.back().usage.reset();
  ASSERT_TRUE(Apply(first).ok());
  ASSERT_EQ(Get(job.job_id).state, JobState::kPending);
  std::vector<SiteReport> second = WholeLife(Place(Get(job.job_id)));
  second.back().usage.reset();
  ASSERT_TRUE(Apply(second).ok());
  ASSERT_EQ(Get(job.job_id).state, JobState::kCompleted);

  ReportUsage(*first.back().attempt_id, 10);
  EXPECT_EQ(Get(job.job_id).money.released_micros, 0);
  EXPECT_EQ(*placement_.SettleOverdue(10), 1U);
  EXPECT_EQ(Get(job.job_id).money.charged_micros, 10'000);
  EXPECT_TRUE(Get(job.job_id).money.settled);
  ExpectSoundBooks();
}

// One that has no price, and one that the database refuses.
TEST_F(LateCharges, OneThatCannotBeChargedIsPutOffAndTheOthersAreSettled) {
  const Ended without_price = EndWithoutUsage(100'000);
  const Ended refused = EndWithoutUsage(100'000);
  const Ended sound = EndWithoutUsage(100'000);
  database_.AsSuperuser("UPDATE attempt_end SET price_version = 99 WHERE attempt_id = $1",
                        Params().Id(without_price.attempt_id));
  database_.AsSuperuser(fmt::format("ALTER TABLE usage_record ADD CONSTRAINT no CHECK (attempt_id <> '{}')",
                                    refused.attempt_id.ToString())
                            .c_str());
  EXPECT_EQ(*placement_.SettleOverdue(10), 1U);
  EXPECT_EQ(ChargeState(sound.attempt_id), "PROVISIONAL");
  EXPECT_EQ(ChargeState(without_price.attempt_id), "PENDING");
  EXPECT_EQ(ChargeState(refused.attempt_id), "PENDING");
  EXPECT_EQ(*placement_.SettleOverdue(10), 0U);  // Not due any more.
  ExpectSoundBooks();

  database_.AsSuperuser("ALTER TABLE usage_record DROP CONSTRAINT no");
  database_.AsSuperuser("UPDATE attempt_end SET price_version = 1, charge_due_at = now() - interval '1 minute'");
  EXPECT_EQ(*placement_.SettleOverdue(10), 2U);
  EXPECT_TRUE(Get(without_price.job_id).money.settled);
  EXPECT_TRUE(Get(refused.job_id).money.settled);
  ExpectSoundBooks();
}

// The first attempt's charge fails; what the second one leaves of the hold is kept for it.
TEST_F(LateCharges, TheRestIsKeptForAChargeThatWasPutOff) {
  const Ended job = EndTwiceWithoutUsage();
  const Params attempt = std::move(Params().Id(job.attempt_id));
  database_.AsSuperuser("UPDATE attempt_end SET price_version = 99 WHERE attempt_id = $1", attempt);
  EXPECT_EQ(*placement_.SettleOverdue(10), 1U);
  EXPECT_EQ(Get(job.job_id).money.released_micros, 0);
  database_.AsSuperuser(
      "UPDATE attempt_end SET price_version = 1, charge_due_at = now() - interval '1 minute' WHERE attempt_id = $1",
      attempt);
  EXPECT_EQ(*placement_.SettleOverdue(10), 1U);
  EXPECT_TRUE(Get(job.job_id).money.settled);
  ExpectSoundBooks();
}

TEST_F(LateCharges, SeveralOpenChargesOfOneJobAreSettledAtOnce) {
  const Ended job = EndTwiceWithoutUsage();
  const int64_t version = Get(job.job_id).version;
  EXPECT_EQ(*placement_.SettleOverdue(10), 2U);
  EXPECT_EQ(Get(job.job_id).money.charged_micros, 10'000);
  EXPECT_TRUE(Get(job.job_id).money.settled);
  EXPECT_EQ(Get(job.job_id).version, version + 1);
  ExpectSoundBooks();
}

}  // namespace
}  // namespace turnpike
