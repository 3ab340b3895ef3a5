// Of two sources that tell how an attempt ended, which one is believed; late usage; answers to a submission.
#include <gtest/gtest.h>

#include "adapters/core/reconcile.h"
#include "tests/adapters/core/attempt_builders.h"

namespace turnpike {
namespace {

using Phase = AttemptPhase;
constexpr auto kFree = GuardState::kFree;
constexpr auto kWrapper = GuardState::kTakenByWrapper;
constexpr auto kAgent = GuardState::kTakenByAgent;

// --- How it ended, and what it used.

Decision End(const AttemptRecord& record, const Evidence& evidence) {
  return ReconcileRepeatedly(record, evidence, 5, 40);
}

TEST(ReconcileEnd, RecordSaysTermAndSchedulerSaysTimeLimitGivesTimeLimit) {
  const Decision decision = End(StartedRecord(), SeenWithExit(ExitBySignal(15), {EndedJob(EndCause::kTimeLimit, {})}));
  const EndedFact* end = FindFact<EndedFact>(decision);
  ASSERT_NE(end, nullptr);
  EXPECT_EQ(end->cause, EndCause::kTimeLimit);
  EXPECT_EQ(end->exit_signal, 15);
  EXPECT_EQ(end->fault, FaultClass::kUser);
}

TEST(ReconcileEnd, AFolderThatCouldNotBeWrittenToIsNotCalledASecondStart) {
  const auto detail = [](int exit_code) {
    const Decision decision = End(StartedRecord(), Seen(kWrapper, {EndedJob(EndCause::kProgramEnded, exit_code)}));
    const InterruptedFact* lost = FindFact<InterruptedFact>(decision);
    return lost == nullptr ? "" : lost->detail;
  };
  EXPECT_NE(detail(kExitDuplicateStart).find("a second time"), std::string::npos);
  EXPECT_NE(detail(kExitNoDirectory).find("could not be written to"), std::string::npos);
}

TEST(ReconcileEnd, AProgramThatEndedWellDidSoWhateverTheSchedulerSays) {
  const Decision decision = End(StartedRecord(), SeenWithExit(ExitWith(0), {EndedJob(EndCause::kTimeLimit, {})}));
  const EndedFact* end = FindFact<EndedFact>(decision);
  ASSERT_NE(end, nullptr);
  EXPECT_EQ(end->cause, EndCause::kProgramEnded);
  EXPECT_EQ(end->exit_code, 0);
}

TEST(ReconcileEnd, AccountingGivesTheUsageEvenWhereTheRecordGivesTheEnd) {
  const Decision decision = End(StartedRecord(), SeenWithExit(ExitWith(0), {EndedJob(EndCause::kProgramEnded, 0)}));
  const EndedFact* end = FindFact<EndedFact>(decision);
  ASSERT_NE(end, nullptr);
  ASSERT_TRUE(end->usage.has_value());
  EXPECT_FALSE(end->usage->provisional);
  EXPECT_EQ(end->usage->used.core_seconds, 240);
  EXPECT_FALSE(decision.record.usage_owed);
}

TEST(ReconcileEnd, AFailedProgramWaitsForTheSchedulersReasonButNotForEver) {
  const Evidence evidence = SeenWithExit(ExitWith(1), {JobIn(LocalState::kCompleting)});
  const Decision first = Reconcile(StartedRecord(), evidence, {}, MomentAt(100));
  EXPECT_EQ(first.record.phase, Phase::kStarted);
  const Decision later = Reconcile(first.record, evidence, {}, MomentAt(120));
  EXPECT_EQ(later.record.phase, Phase::kEnded);
}

// Slurm's controller was killed before it had saved the job, gave its id to another one, and ended what it then found.
TEST(ReconcileEnd, AProgramThatAForgetfulSchedulerKilledWasInterrupted) {
  const Evidence killed = SeenWithExit(ExitBySignal(15), {});
  const Decision first = Reconcile(StartedRecord(), killed, {}, MomentAt(100));
  EXPECT_EQ(first.record.phase, Phase::kStarted) << "one look proves no absence";
  const Decision decision = End(StartedRecord(), killed);
  EXPECT_EQ(decision.record.phase, Phase::kInterrupted);
  EXPECT_NE(FindFact<InterruptedFact>(decision), nullptr);
}

TEST(ReconcileEnd, AProgramThatFailedByItselfIsNotTheSitesWhereTheRowIsGone) {
  for (const ExitRecord& exit : {ExitWith(1), ExitBySignal(11)}) {
    EXPECT_EQ(End(StartedRecord(), SeenWithExit(exit, {})).record.phase, Phase::kEnded);
  }
  AttemptRecord cancelled = StartedRecord();
  cancelled.cancel_wanted = true;
  EXPECT_EQ(End(cancelled, SeenWithExit(ExitBySignal(15), {})).record.phase, Phase::kEnded);
}

TEST(ReconcileEnd, UsageComesLaterFromAccounting) {
  const Decision ended = End(StartedRecord(), SeenWithExit(ExitWith(0), {JobIn(LocalState::kCompleting)}));
  ASSERT_TRUE(ended.record.usage_owed);
  const Decision decision =
      Reconcile(ended.record, SeenWithExit(ExitWith(0), {EndedJob(EndCause::kProgramEnded, 0)}), {}, MomentAt(200));
  const UsageFact* usage = FindFact<UsageFact>(decision);
  ASSERT_NE(usage, nullptr);
  EXPECT_FALSE(usage->provisional);
  EXPECT_FALSE(decision.record.usage_owed);
}

TEST(ReconcileEnd, UsageIsProvisionalWhenAccountingNeverSpeaks) {
  AttemptRecord record = End(StartedRecord(), SeenWithExit(ExitWith(0), {})).record;
  ASSERT_TRUE(record.usage_owed);
  const Evidence evidence = SeenWithExit(ExitWith(0), {});
  EXPECT_TRUE(Reconcile(record, evidence, {}, MomentAt(300)).facts.empty());
  const Decision decision = Reconcile(record, evidence, {}, MomentAt(500));
  const UsageFact* usage = FindFact<UsageFact>(decision);
  ASSERT_NE(usage, nullptr);
  EXPECT_TRUE(usage->provisional);
  EXPECT_EQ(usage->used.core_seconds, 240);
  EXPECT_FALSE(decision.record.usage_owed);  // Without accounting nothing better can come.
}

// Ended, and its usage reported by the wrapper's record, at a site whose accounting does not answer.
AttemptRecord ProvisionallyReported(const Evidence& silent) {
  const AttemptRecord ended = End(StartedRecord(), SeenWithExit(ExitWith(0), {})).record;
  return Reconcile(ended, silent, {}, MomentAt(500)).record;
}

Evidence SilentAccounting() {
  Evidence evidence = Seen(kWrapper, {});
  evidence.presence = Presence::kUnknown;
  evidence.has_accounting = true;
  return evidence;
}

TEST(ReconcileEnd, AccountingThatSpeaksAfterAllCorrectsWhatWasProvisional) {
  const AttemptRecord record = ProvisionallyReported(SilentAccounting());
  ASSERT_TRUE(record.usage_owed);
  EXPECT_TRUE(Reconcile(record, SilentAccounting(), {}, MomentAt(5'000)).facts.empty());
  Evidence seen = SilentAccounting();
  seen.jobs = {EndedJob(EndCause::kProgramEnded, 0)};
  seen.jobs.front().elapsed = std::chrono::seconds(50);
  const Decision decision = Reconcile(record, seen, {}, MomentAt(6'000));
  const UsageFact* usage = FindFact<UsageFact>(decision);
  ASSERT_NE(usage, nullptr);
  EXPECT_FALSE(usage->provisional);
  EXPECT_EQ(usage->used.core_seconds, 200);
  EXPECT_FALSE(decision.record.usage_owed);
}

TEST(ReconcileEnd, ACorrectionIsNotWaitedForForEver) {
  const AttemptRecord record = ProvisionallyReported(SilentAccounting());
  const int64_t two_days = 48 * 3600;
  EXPECT_TRUE(Reconcile(record, SilentAccounting(), {}, MomentAt(two_days)).record.usage_owed);
  const Decision decision = Reconcile(record, SilentAccounting(), {}, MomentAt(two_days + 100));
  EXPECT_FALSE(decision.record.usage_owed);
  const UsageFact* usage = FindFact<UsageFact>(decision);
  ASSERT_NE(usage, nullptr);
  EXPECT_TRUE(usage->provisional);
  EXPECT_EQ(usage->used.core_seconds, 240);
}

TEST(ReconcileEnd, ACancelThatWasWantedIsTheUsersNotTheSites) {
  AttemptRecord record = StartedRecord();
  record.cancel_wanted = true;
  const Decision decision = End(record, SeenWithExit(ExitBySignal(15), {EndedJob(EndCause::kCancelledBySite, {})}));
  const EndedFact* end = FindFact<EndedFact>(decision);
  ASSERT_NE(end, nullptr);
  EXPECT_EQ(end->cause, EndCause::kCancelledByUser);
  EXPECT_EQ(end->fault, FaultClass::kNone);
}

TEST(ReconcileEnd, AnAdministratorsCancelIsTheSites) {
  const Decision decision = End(StartedRecord(), Seen(kWrapper, {EndedJob(EndCause::kCancelledBySite, {})}));
  const EndedFact* end = FindFact<EndedFact>(decision);
  ASSERT_NE(end, nullptr);
  EXPECT_EQ(end->cause, EndCause::kCancelledBySite);
  EXPECT_EQ(end->fault, FaultClass::kSite);
}

// Its jobs run as the agent's own account, and so does what an administrator cancels with the agent's tools.
TEST(ReconcileEnd, ACancelThatTheBrokerDidNotAskForIsTheSitesWhoeverTheSchedulerNames) {
  for (const Evidence& evidence : {Seen(kWrapper, {EndedJob(EndCause::kCancelledByUser, {})}),
                                   SeenWithExit(ExitBySignal(15), {EndedJob(EndCause::kCancelledByUser, {})})}) {
    const Decision decision = End(StartedRecord(), evidence);
    const EndedFact* end = FindFact<EndedFact>(decision);
    ASSERT_NE(end, nullptr);
    EXPECT_EQ(end->cause, EndCause::kCancelledBySite);
    EXPECT_EQ(end->fault, FaultClass::kSite);
  }
}

TEST(ReconcileEnd, TheSchedulersEndWaitsForTheRecordFirst) {
  const Evidence evidence = Seen(kWrapper, {EndedJob(EndCause::kProgramEnded, 5)});
  const Decision first = Reconcile(StartedRecord(), evidence, {}, MomentAt(100));
  EXPECT_EQ(first.record.phase, Phase::kStarted);
  const Decision later = Reconcile(first.record, evidence, {}, MomentAt(130));
  const EndedFact* end = FindFact<EndedFact>(later);
  ASSERT_NE(end, nullptr);
  EXPECT_EQ(end->exit_code, 5);
}

TEST(ReconcileEnd, AbsenceIsForgottenWhenItIsSeenAgain) {
  const Evidence absent = Seen(kFree, {});
  AttemptRecord record = Reconcile(SubmittedRecord(), absent, {}, MomentAt(100)).record;
  record = Reconcile(record, Seen(kFree, {JobIn(LocalState::kPending)}), {}, MomentAt(140)).record;
  EXPECT_EQ(record.absence.reads, 0);
  EXPECT_FALSE(Reconcile(record, absent, {}, MomentAt(190)).take_guard);
}

TEST(ReconcileEnd, ChangesOfTheSitesOwnStateAreReportedOnce) {
  LocalJobView job = JobIn(LocalState::kPending);
  job.raw_state = "PENDING";
  job.raw_reason = "Priority";
  const Decision first = Reconcile(SubmittedRecord(), Seen(kFree, {job}), {}, MomentAt(100));
  ASSERT_NE(FindFact<SiteStateChangedFact>(first), nullptr);
  EXPECT_EQ(FindFact<SiteStateChangedFact>(first)->site_reason, "Priority");
  EXPECT_TRUE(Reconcile(first.record, Seen(kFree, {job}), {}, MomentAt(110)).facts.empty());
}

TEST(ReconcileEnd, TheCopyThatTookTheGuardBecomesTheAttemptsJob) {
  Evidence evidence = Seen(kWrapper, {JobIn(LocalState::kPending, "17"), JobIn(LocalState::kRunning, "18")});
  evidence.directory.start = StartRecord{.start_time = At(20), .host = "n1", .local_job_id = "18"};
  const Decision decision = Reconcile(SubmittedRecord(), evidence, {}, MomentAt(100));
  EXPECT_EQ(decision.record.identity->local_job_id, "18");
  ASSERT_EQ(decision.cancel.size(), 1U);
  EXPECT_EQ(decision.cancel[0].local_job_id, "17");
}

// --- Answers.

TEST(ReconcileEnd, ARefusalAfterADoubtDoesNotProveThatNothingRuns) {
  AttemptRecord record = RecordIn(Phase::kIntent);
  record.submit_unsure = true;
  const Decision decision =
      ApplySubmitOutcome(record, {.kind = SubmitOutcome::Kind::kRefused, .identity = {}, .detail = "no"});
  EXPECT_EQ(decision.record.phase, Phase::kAmbiguous);
  EXPECT_TRUE(decision.facts.empty());
  const Decision next = Reconcile(decision.record, Seen(kFree, {}), {}, MomentAt(100));
  EXPECT_TRUE(next.take_guard);
  const Decision fenced = Reconcile(next.record, Seen(kAgent, {}), {}, MomentAt(100));
  ASSERT_NE(FindFact<NotStartedFact>(fenced), nullptr);
  EXPECT_EQ(FindFact<NotStartedFact>(fenced)->kind, NotStartedKind::kRefused);
}

TEST(ReconcileEnd, EveryAnswerOfTheSchedulerHasItsPhaseAndReport) {
  const AttemptRecord record = RecordIn(Phase::kIntent);
  const auto answer = [&](SubmitOutcome::Kind kind) {
    return ApplySubmitOutcome(record, {.kind = kind, .identity = NamedJob(), .detail = "words"});
  };
  EXPECT_EQ(answer(SubmitOutcome::Kind::kAccepted).record.phase, Phase::kSubmitted);
  EXPECT_EQ(answer(SubmitOutcome::Kind::kRefused).record.phase, Phase::kNotStarted);
  EXPECT_EQ(FindFact<NotStartedFact>(answer(SubmitOutcome::Kind::kBackPressure))->kind, NotStartedKind::kBackPressure);
  EXPECT_EQ(answer(SubmitOutcome::Kind::kAmbiguous).record.phase, Phase::kAmbiguous);
  EXPECT_TRUE(answer(SubmitOutcome::Kind::kAmbiguous).record.submit_unsure);
}

}  // namespace
}  // namespace turnpike
