#include "broker/core/report_rules.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "broker/core/capacity_codec.h"
#include "broker/core/stored_request.h"

namespace turnpike {
namespace {

constexpr Timestamp kNow = TimestampFromSeconds(1'000);

AttemptStanding Standing(AttemptState state, JobState job_state) {
  AttemptStanding standing;
  standing.state = state;
  standing.fence = 1;
  standing.attempts_max = 3;
  standing.job.state = job_state;
  standing.job.version = 5;
  standing.job.site_name = "alpha";
  standing.job.share = "main";
  return standing;
}

SiteReport Report(ReportKind kind) {
  SiteReport report;
  report.kind = kind;
  report.fence = 1;
  return report;
}

TEST(ReportRules, AClaimUnderTheOffersFenceGetsGo) {
  AttemptStanding standing = Standing(AttemptState::kOffered, JobState::kPlaced);
  const ReportEffect effect = ApplyReport(standing, Report(ReportKind::kClaimed), kNow);
  EXPECT_EQ(effect.answer, ClaimAnswer::kGo);
  EXPECT_TRUE(effect.attempt_changed);
  EXPECT_EQ(standing.state, AttemptState::kClaimed);
  EXPECT_EQ(standing.job.version, 5);
}

TEST(ReportRules, ARepeatedClaimGetsTheSameGo) {
  AttemptStanding standing = Standing(AttemptState::kClaimed, JobState::kPlaced);
  const ReportEffect effect = ApplyReport(standing, Report(ReportKind::kClaimed), kNow);
  EXPECT_EQ(effect.answer, ClaimAnswer::kGo);
  EXPECT_FALSE(effect.attempt_changed);
}

TEST(ReportRules, AClaimUnderAnOlderFenceIsGone) {
  AttemptStanding standing = Standing(AttemptState::kOffered, JobState::kPlaced);
  standing.fence = 2;
  EXPECT_EQ(ApplyReport(standing, Report(ReportKind::kClaimed), kNow).answer, ClaimAnswer::kGone);
  EXPECT_EQ(standing.state, AttemptState::kOffered);
}

TEST(ReportRules, AReportOlderThanWhatIsKnownChangesNothing) {
  AttemptStanding standing = Standing(AttemptState::kStarted, JobState::kRunning);
  standing.started_at = kNow;
  const AttemptStanding before = standing;
  const ReportEffect effect = ApplyReport(standing, Report(ReportKind::kSubmitted), kNow);
  EXPECT_FALSE(effect.refused.has_value());
  EXPECT_FALSE(effect.job_changed);
  EXPECT_EQ(standing.job, before.job);
}

TEST(ReportRules, AnEndWithUsageIsChargedNowAndWithoutItLater) {
  for (const bool with_usage : {true, false}) {
    AttemptStanding standing = Standing(AttemptState::kStarted, JobState::kRunning);
    standing.started_at = TimestampFromSeconds(900);
    standing.start_count = 1;
    SiteReport report = Report(ReportKind::kEnded);
    report.cause = EndCause::kProgramEnded;
    report.exit_code = 3;
    report.end_time = kNow;
    if (with_usage) {
      report.usage = UsageFigures{};
    }
    const ReportEffect effect = ApplyReport(standing, report, kNow);
    EXPECT_EQ(effect.charge, with_usage ? ChargeStep::kNow : ChargeStep::kWhenKnown);
    EXPECT_EQ(standing.job.state, JobState::kFailed);
    EXPECT_EQ(standing.job.exit_code, 3);
    EXPECT_EQ(standing.job.version, 6);
  }
}

TEST(ReportRules, AnEndByANodeOrPreemptionIsAnInterruptionWhoeverSaysSo) {
  for (const EndCause cause : {EndCause::kPreempted, EndCause::kSiteInterrupted}) {
    AttemptStanding standing = Standing(AttemptState::kStarted, JobState::kRunning);
    standing.started_at = TimestampFromSeconds(900);
    standing.start_count = 1;
    SiteReport report = Report(ReportKind::kEnded);
    report.cause = cause;
    ApplyReport(standing, report, kNow);
    EXPECT_EQ(standing.state, AttemptState::kInterrupted);
    EXPECT_EQ(standing.job.state, JobState::kFailed);
    EXPECT_EQ(standing.job.cause, cause);
    EXPECT_EQ(standing.job.fault, FaultClass::kSite);
  }
}

TEST(ReportRules, WhatNeverStartedIsNotCharged) {
  AttemptStanding standing = Standing(AttemptState::kClaimed, JobState::kPlaced);
  SiteReport report = Report(ReportKind::kNotStarted);
  report.not_started = NotStartedKind::kBackPressure;
  const ReportEffect effect = ApplyReport(standing, report, kNow);
  EXPECT_EQ(effect.charge, ChargeStep::kNothing);
  EXPECT_TRUE(effect.back_pressure);
  EXPECT_FALSE(effect.refused_for_ever);
  EXPECT_EQ(standing.job.state, JobState::kPending);
  EXPECT_FALSE(standing.job.site_id.has_value());
}

TEST(ReportRules, AnAttemptThatTheSchedulerTookAndThatNeverStartedIsTheSharesFailure) {
  struct Case {
    std::string local_job_id;
    bool cancel_requested;
    NotStartedKind kind;
    SiteProof proof;
  };
  const Case cases[] = {
      {"17", false, NotStartedKind::kFenced, SiteProof::kFailed},
      {"", false, NotStartedKind::kFenced, SiteProof::kNone},  // It was never there.
      {"17", true, NotStartedKind::kFenced, SiteProof::kNone},
      {"17", false, NotStartedKind::kBackPressure, SiteProof::kNone},
      {"17", false, NotStartedKind::kRefused, SiteProof::kNone},
  };
  for (const Case& one : cases) {
    AttemptStanding standing = Standing(AttemptState::kSubmitted, JobState::kQueued);
    standing.local_job_id = one.local_job_id;
    standing.job.cancel_requested = one.cancel_requested;
    SiteReport report = Report(ReportKind::kNotStarted);
    report.not_started = one.kind;
    EXPECT_EQ(ApplyReport(standing, report, kNow).proof, one.proof) << one.local_job_id << one.cancel_requested;
  }
}

TEST(ReportRules, AStartAfterAProvedFenceIsRefused) {
  AttemptStanding standing = Standing(AttemptState::kFenced, JobState::kPending);
  const ReportEffect effect = ApplyReport(standing, Report(ReportKind::kStarted), kNow);
  EXPECT_TRUE(effect.refused.has_value());
  EXPECT_FALSE(effect.job_changed);
  EXPECT_EQ(standing.state, AttemptState::kFenced);
  EXPECT_EQ(standing.job.state, JobState::kPending);
}

TEST(ReportRules, OfAFinalAttemptWhatTheTableLacksIsAContradictionAndAClaimNeverIs) {
  const ReportKind kinds[] = {ReportKind::kClaimed, ReportKind::kSubmitted,   ReportKind::kAmbiguous,
                              ReportKind::kStarted, ReportKind::kEnded,       ReportKind::kNotStarted,
                              ReportKind::kUsage,   ReportKind::kInterrupted, ReportKind::kSiteState};
  std::vector<std::string> refused;
  for (const AttemptState state : kAttemptStates) {
    for (const ReportKind kind : kinds) {
      if (IsFinal(state) && Contradiction(state, Report(kind))) {
        refused.push_back(fmt::format("{} {}", AttemptStateName(state), ReportKindName(kind)));
      }
    }
  }
  EXPECT_THAT(refused,
              testing::ElementsAre("ENDED not-started", "NOT_STARTED started", "NOT_STARTED ended",
                                   "NOT_STARTED interrupted", "FENCED started", "FENCED ended", "FENCED interrupted",
                                   "INTERRUPTED not-started", "WITHDRAWN submitted", "WITHDRAWN ambiguous",
                                   "WITHDRAWN started", "WITHDRAWN ended", "WITHDRAWN interrupted"));
}

TEST(ReportRules, WhatCannotBeReadIsRefusedInEveryState) {
  SiteReport report;
  report.kind = ReportKind::kUnreadable;
  report.detail = "the report says nothing";
  for (const AttemptState state : kAttemptStates) {
    EXPECT_EQ(Contradiction(state, report), "the report says nothing");
  }
}

TEST(ReportRules, OfAnEndThatCannotBeBelievedTheEndItselfIsLeft) {
  SiteReport report = Report(ReportKind::kEnded);
  report.cause = EndCause::kProgramEnded;
  report.exit_code = 70'000;
  report.site_state = "COMPLETED";
  report.usage = UsageFigures{};
  AttemptStanding standing = Standing(AttemptState::kStarted, JobState::kRunning);
  standing.started_at = kNow;
  ASSERT_TRUE(ApplyReport(standing, report, kNow).refused);
  const std::optional<SiteReport> end = EndAlone(report);
  ASSERT_TRUE(end);
  const ReportEffect effect = ApplyReport(standing, *end, kNow);
  EXPECT_FALSE(effect.refused);
  EXPECT_EQ(effect.charge, ChargeStep::kWhenKnown);
  EXPECT_EQ(effect.proof, SiteProof::kFailed);
  EXPECT_EQ(standing.state, AttemptState::kEnded);
  EXPECT_EQ(standing.job.state, JobState::kFailed);
  EXPECT_EQ(standing.job.cause, EndCause::kUnknown);
  EXPECT_EQ(standing.job.fault, FaultClass::kSite);
  EXPECT_EQ(standing.job.exit_code, std::nullopt);
  EXPECT_EQ(standing.job.ended_at, kNow);
}

TEST(ReportRules, WhatTheSiteTookAwayStaysTakenAwayAndWhatIsNoEndIsNone) {
  SiteReport report = Report(ReportKind::kEnded);
  report.cause = EndCause::kPreempted;
  EXPECT_EQ(EndAlone(report)->cause, EndCause::kPreempted);
  report = Report(ReportKind::kNotStarted);
  report.not_started = NotStartedKind::kFenced;
  EXPECT_EQ(EndAlone(report)->not_started, NotStartedKind::kFenced);
  EXPECT_EQ(EndAlone(Report(ReportKind::kInterrupted))->kind, ReportKind::kInterrupted);
  for (const ReportKind kind : {ReportKind::kClaimed, ReportKind::kSubmitted, ReportKind::kStarted, ReportKind::kUsage,
                                ReportKind::kSiteState, ReportKind::kUnreadable}) {
    EXPECT_FALSE(EndAlone(Report(kind))) << ReportKindName(kind);
  }
}

TEST(ReportRules, AWithdrawalRaisesTheFence) {
  AttemptStanding standing = Standing(AttemptState::kOffered, JobState::kPlaced);
  ASSERT_TRUE(Withdraw(standing, "no answer").ok());
  EXPECT_EQ(standing.fence, 2);
  EXPECT_EQ(standing.state, AttemptState::kWithdrawn);
  EXPECT_EQ(standing.job.state, JobState::kPending);
  EXPECT_EQ(standing.job.reason, "no answer");
}

TEST(ReportRules, OnlyAnOfferIsWithdrawn) {
  AttemptStanding standing = Standing(AttemptState::kClaimed, JobState::kPlaced);
  EXPECT_EQ(Withdraw(standing, "no answer").code(), StatusCode::kInternal);
  EXPECT_EQ(standing.state, AttemptState::kClaimed);
  EXPECT_EQ(standing.fence, 1);
}

TEST(ReportRules, AReportThatTheJobCannotFollowIsRefusedAndChangesNothing) {
  AttemptStanding standing = Standing(AttemptState::kSubmitted, JobState::kPending);
  SiteReport report = Report(ReportKind::kStarted);
  report.start_time = kNow;
  const ReportEffect effect = ApplyReport(standing, report, kNow);
  EXPECT_TRUE(effect.refused.has_value());
  EXPECT_EQ(standing.state, AttemptState::kSubmitted);
  EXPECT_EQ(standing.start_count, 0);
  EXPECT_EQ(standing.job, Standing(AttemptState::kSubmitted, JobState::kPending).job);
}

TEST(ReportRules, TheSitesWordsAreAnUpdateAndNoStep) {
  AttemptStanding standing = Standing(AttemptState::kSubmitted, JobState::kQueued);
  SiteReport report = Report(ReportKind::kSiteState);
  report.site_state = "PENDING";
  report.site_reason = "Priority";
  const ReportEffect effect = ApplyReport(standing, report, kNow);
  EXPECT_TRUE(effect.job_changed);
  EXPECT_FALSE(effect.job_event.has_value());
  EXPECT_FALSE(effect.attempt_changed);
  EXPECT_EQ(standing.job.reason, "Priority");
  EXPECT_EQ(standing.job.version, 6);
  EXPECT_FALSE(ApplyReport(standing, report, kNow).job_changed);
}

TEST(ReportRules, AnAttemptChangesWithItsFactsWithoutAStepToo) {
  AttemptStanding standing = Standing(AttemptState::kSubmitted, JobState::kQueued);
  standing.local_job_id = "41";
  SiteReport report = Report(ReportKind::kSiteState);
  report.local_job_id = "42";
  EXPECT_TRUE(ApplyReport(standing, report, kNow).attempt_changed);
  EXPECT_EQ(standing.local_job_id, "42");
}

TEST(ReportRules, AJobThatIsOverNoLongerSaysThatItRuns) {
  struct Case {
    ReportKind kind;
    std::string said;
  };
  for (const Case& end :
       {Case{ReportKind::kEnded, "COMPLETED"}, Case{ReportKind::kEnded, ""}, Case{ReportKind::kInterrupted, ""}}) {
    AttemptStanding standing = Standing(AttemptState::kStarted, JobState::kRunning);
    standing.job.site_state = "RUNNING";
    SiteReport report = Report(end.kind);
    report.cause = EndCause::kProgramEnded;
    report.exit_code = 0;
    report.site_state = end.said;
    ApplyReport(standing, report, kNow);
    ASSERT_TRUE(IsFinal(standing.job.state));
    EXPECT_EQ(standing.job.site_state, end.said);
  }
}

JobView FullView() {
  JobView view;
  view.number = 7;
  view.name = "näme";
  view.priority = -5;
  view.state = JobState::kFailed;
  view.reason = "why";
  view.version = 9;
  view.started_at = kNow;
  view.site_id = SiteId(Uuid{{1}});
  view.exit_code = 137;
  view.exit_signal = 9;
  view.cause = EndCause::kTimeLimit;
  view.fault = FaultClass::kUser;
  view.money = {.unit = "EUR",
                .reserved_micros = 5,
                .charged_micros = 3,
                .released_micros = 2,
                .provisional = true,
                .settled = true};
  return view;
}

TEST(JobViewCodec, ReadsBackWhatItWroteAndNothingShorter) {
  const std::string bytes = EncodeJobView(FullView());
  EXPECT_EQ(*DecodeJobView(bytes), FullView());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeJobView(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(DecodeJobView(bytes + "x").ok());
}

TEST(CapacityCodec, ReadsBackWhatItWroteAndNothingShorter) {
  ShareStatus share;
  share.info.name = "main";
  share.info.node.cores = 64;
  share.info.limits.time_limit_max = std::chrono::hours(24);
  share.info.guarded = true;
  share.load.pool.cores_idle = 3;
  share.load.observed_at = kNow;
  const std::string bytes = EncodeCapacity({share, share});
  const Result<std::vector<ShareStatus>> read = DecodeCapacity(bytes);
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ((*read)[1].info, share.info);
  EXPECT_EQ((*read)[1].load, share.load);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeCapacity(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
}

TEST(CapacityCodec, ReadsBackAsMuchAsASiteMayReport) {
  std::vector<ShareStatus> shares(kSharesPerSiteMax);
  shares.back().load.windows.resize(kWindowsPerShareMax);
  const Result<std::vector<ShareStatus>> read = DecodeCapacity(EncodeCapacity(shares));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->size(), kSharesPerSiteMax);
  EXPECT_EQ(read->back().load.windows.size(), kWindowsPerShareMax);
}

TEST(StoredRequest, TheOrderOfNamesDoesNotMakeAnotherClass) {
  JobRequest one;
  one.sites = {"a", "b"};
  JobRequest other;
  other.sites = {"b", "a"};
  EXPECT_EQ(ClassIdOf(EncodeJobRequest(one)), ClassIdOf(EncodeJobRequest(other)));
  other.nodes = 2;
  EXPECT_NE(ClassIdOf(EncodeJobRequest(one)), ClassIdOf(EncodeJobRequest(other)));
}

}  // namespace
}  // namespace turnpike
