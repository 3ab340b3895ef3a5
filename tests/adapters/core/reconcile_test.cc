// One case per row of the recovery table of docs/dispatch.md that the agent answers for, named after it.
#include "adapters/core/reconcile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <ostream>

#include "tests/adapters/core/attempt_builders.h"

namespace turnpike {
namespace {

using Phase = AttemptPhase;
constexpr auto kFree = GuardState::kFree;
constexpr auto kWrapper = GuardState::kTakenByWrapper;
constexpr auto kAgent = GuardState::kTakenByAgent;

struct Row {
  const char* name;
  AttemptRecord record;
  Evidence evidence;
  // What must come of it after at most `rounds` equal rounds, 40 s apart.
  int rounds;
  Phase phase;
  std::vector<std::string> facts;
  bool take_guard = false;
  bool submit = false;
  std::vector<std::string> cancelled = {};

  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }
};

AttemptRecord With(AttemptRecord record, const std::function<void(AttemptRecord&)>& change) {
  change(record);
  return record;
}
Evidence With(Evidence evidence, const std::function<void(Evidence&)>& change) {
  change(evidence);
  return evidence;
}

LocalJobView SubmittedAt(LocalJobView job, int64_t second) {
  job.submit_time = At(second);
  return job;
}

const auto kCancelled = [](AttemptRecord& record) { record.cancel_wanted = true; };
const auto kLeaseOver = [](AttemptRecord& record) { record.lease_end = MomentAt(0).monotonic; };
const auto kOrderLost = [](AttemptRecord& record) { record.order.clear(); };
const auto kNoEvidence = [](Evidence& evidence) { evidence.presence = Presence::kUnknown; };

const Row kRows[] = {
    {"ClaimedAtBrokerAgentHasNothing_FoundInQueue_IsAdopted",
     With(RecordIn(Phase::kAmbiguous), kOrderLost),
     Seen(kFree, {JobIn(LocalState::kPending)}),
     1,
     Phase::kSubmitted,
     {"SUBMITTED"}},
    {"ClaimedAtBrokerAgentHasNothing_NotFound_TakesGuardAndNeverSubmits",
     With(RecordIn(Phase::kAmbiguous), kOrderLost),
     Seen(kFree, {}),
     5,
     Phase::kAmbiguous,
     {},
     true},
    {"ClaimedAtBrokerAgentHasNothing_GuardGot_IsFenced",
     With(RecordIn(Phase::kAmbiguous), kOrderLost),
     Seen(kAgent, {}),
     1,
     Phase::kFenced,
     {"NOT_STARTED"}},
    {"ClaimedAtBrokerAgentHasNothing_GuardTaken_IsAdoptedAsStarted",
     With(RecordIn(Phase::kAmbiguous), kOrderLost),
     Seen(kWrapper, {JobIn(LocalState::kRunning)}),
     1,
     Phase::kStarted,
     {"SUBMITTED", "STARTED"}},
    {"ClaimedInJournal_WaitsForGo", RecordIn(Phase::kClaimed), Seen(kFree, {}), 5, Phase::kClaimed, {}},
    {"ClaimedAndGo_LeaseValid_GoesOn", RecordIn(Phase::kGo), Seen(kFree, {}), 1, Phase::kIntent, {}, false, true},
    {"ClaimedAndGo_LeaseOver_ClaimsAgain",
     With(RecordIn(Phase::kGo), kLeaseOver),
     Seen(kFree, {}),
     1,
     Phase::kClaimed,
     {"CLAIMED"}},
    {"ClaimedAndGo_NoLeaseKnown_ClaimsAgain",
     With(RecordIn(Phase::kGo), [](AttemptRecord& r) { r.lease_end.reset(); }),
     Seen(kFree, {}),
     1,
     Phase::kClaimed,
     {"CLAIMED"}},
    {"ClaimedAndGo_OlderJournal_TheJobItFindsIsAdopted",
     RecordIn(Phase::kGo),
     Seen(kFree, {JobIn(LocalState::kPending)}),
     1,
     Phase::kSubmitted,
     {"SUBMITTED"}},
    {"IntentNoSubmitted_FirstRound_SaysAmbiguousAndWaits",
     RecordIn(Phase::kIntent),
     Seen(kFree, {}),
     1,
     Phase::kAmbiguous,
     {"AMBIGUOUS"}},
    {"IntentNoSubmitted_Found_IsAdopted",
     RecordIn(Phase::kIntent),
     Seen(kFree, {JobIn(LocalState::kPending)}),
     1,
     Phase::kSubmitted,
     {"SUBMITTED"}},
    {"Ambiguous_AbsentOverSettleTime_SpawnsTheSameAttemptAgain",
     RecordIn(Phase::kAmbiguous),
     Seen(kFree, {}),
     5,
     Phase::kIntent,
     {},
     false,
     true},
    {"Ambiguous_AbsentOnlyOnce_Waits", RecordIn(Phase::kAmbiguous), Seen(kFree, {}), 2, Phase::kAmbiguous, {}},
    {"Ambiguous_NoEvidenceAtAll_WaitsForEver",
     RecordIn(Phase::kAmbiguous),
     With(Seen(kFree, {}), kNoEvidence),
     50,
     Phase::kAmbiguous,
     {}},
    {"Ambiguous_LeaseOver_TakesGuard",
     With(RecordIn(Phase::kAmbiguous), kLeaseOver),
     Seen(kFree, {}),
     5,
     Phase::kAmbiguous,
     {},
     true},
    {"Ambiguous_TwoCopies_KeepsTheOlderCancelsTheOther",
     RecordIn(Phase::kAmbiguous),
     Seen(kFree, {JobIn(LocalState::kPending, "18"), JobIn(LocalState::kPending, "17")}),
     1,
     Phase::kSubmitted,
     {"SUBMITTED"},
     false,
     false,
     {"18"}},
    {"IntentGuardTaken_SchedulerUnknown_IsStarted",
     RecordIn(Phase::kAmbiguous),
     Seen(kWrapper, {}),
     1,
     Phase::kStarted,
     {"STARTED"}},
    {"IntentGuardTaken_SchedulerUnknown_NoExit_IsInterruptedAfterSettling",
     RecordIn(Phase::kAmbiguous),
     Seen(kWrapper, {}),
     5,
     Phase::kInterrupted,
     {"INTERRUPTED"}},
    {"IntentGuardTaken_SchedulerUnknown_ExitThere_IsEnded",
     RecordIn(Phase::kAmbiguous),
     SeenWithExit(ExitWith(0), {}),
     1,
     Phase::kEnded,
     {"STARTED", "ENDED"}},
    {"Submitted_SchedulerHasIt_Watches",
     SubmittedRecord(),
     Seen(kFree, {JobIn(LocalState::kPending)}),
     5,
     Phase::kSubmitted,
     {}},
    {"Submitted_RunningButNoGuardYet_IsNotStarted",
     SubmittedRecord(),
     Seen(kFree, {JobIn(LocalState::kRunning)}),
     5,
     Phase::kSubmitted,
     {}},
    {"Submitted_GuardTaken_IsStarted",
     SubmittedRecord(),
     Seen(kWrapper, {JobIn(LocalState::kRunning)}),
     1,
     Phase::kStarted,
     {"STARTED"}},
    {"Submitted_IdExistsSubmitTimeDiffers_IsAsUnknownAndItsEndIsNotBelieved",
     SubmittedRecord(),
     Seen(kWrapper, {SubmittedAt(EndedJob(EndCause::kProgramEnded, 0), 500)}),
     9,
     Phase::kStarted,
     {}},
    {"Submitted_SchedulerForgot_GuardFree_TakesGuard",
     SubmittedRecord(),
     Seen(kFree, {}),
     5,
     Phase::kSubmitted,
     {},
     true},
    {"Submitted_SchedulerForgot_NotTwiceYet_Waits", SubmittedRecord(), Seen(kFree, {}), 2, Phase::kSubmitted, {}},
    {"Submitted_SchedulerForgot_GuardGot_IsFenced",
     SubmittedRecord(),
     Seen(kAgent, {}),
     1,
     Phase::kFenced,
     {"NOT_STARTED"}},
    {"Submitted_SchedulerForgot_GuardTakenExitThere_IsEnded",
     SubmittedRecord(),
     SeenWithExit(ExitWith(3), {}),
     1,
     Phase::kEnded,
     {"STARTED", "ENDED"}},
    {"Started_SchedulerForgot_NoExit_IsInterruptedAfterSettling",
     StartedRecord(),
     Seen(kWrapper, {}),
     5,
     Phase::kInterrupted,
     {"INTERRUPTED"}},
    {"Started_AccountingDownForHours_StaysStarted",
     StartedRecord(),
     With(Seen(kWrapper, {}), kNoEvidence),
     500,
     Phase::kStarted,
     {}},
    {"WrapperExit86_IsNotTheFirstRunsEnd",
     StartedRecord(),
     Seen(kWrapper, {EndedJob(EndCause::kProgramEnded, 86)}),
     1,
     Phase::kStarted,
     {}},
    {"WrapperExit86_FirstRunLeftNothing_IsInterruptedAfterSettling",
     StartedRecord(),
     Seen(kWrapper, {EndedJob(EndCause::kProgramEnded, 86)}),
     5,
     Phase::kInterrupted,
     {"INTERRUPTED"}},
    {"WrapperExit86_FirstRunsRecordDecides",
     StartedRecord(),
     SeenWithExit(ExitWith(0), {EndedJob(EndCause::kProgramEnded, 86)}),
     1,
     Phase::kEnded,
     {"ENDED"}},
    {"ProgramsOwnExit86_StandsInItsRecord",
     StartedRecord(),
     SeenWithExit(ExitWith(86), {EndedJob(EndCause::kProgramEnded, 86)}),
     5,
     Phase::kEnded,
     {"ENDED"}},
    {"WrapperExit87_GuardFree_TakesGuard",
     SubmittedRecord(),
     Seen(kFree, {EndedJob(EndCause::kProgramEnded, 87)}),
     1,
     Phase::kSubmitted,
     {},
     true},
    {"OverInSchedulerWithoutStart_TakesGuard",
     SubmittedRecord(),
     Seen(kFree, {EndedJob(EndCause::kCancelledBySite, {})}),
     1,
     Phase::kSubmitted,
     {},
     true},
    {"EndedWell_GuardFree_NothingIsBelieved",
     SubmittedRecord(),
     Seen(kFree, {EndedJob(EndCause::kProgramEnded, 0)}),
     9,
     Phase::kSubmitted,
     {}},
    {"CancelWanted_NotStarted_TakesGuard",
     With(SubmittedRecord(), kCancelled),
     Seen(kFree, {JobIn(LocalState::kPending)}),
     1,
     Phase::kSubmitted,
     {},
     true},
    {"CancelWanted_GuardGot_IsFencedThenCancelled",
     With(SubmittedRecord(), kCancelled),
     Seen(kAgent, {JobIn(LocalState::kPending)}),
     1,
     Phase::kFenced,
     {"NOT_STARTED"},
     false,
     false,
     {"17"}},
    {"CancelWanted_GuardTaken_CancelsTheLocalJobOnly",
     With(StartedRecord(), kCancelled),
     Seen(kWrapper, {JobIn(LocalState::kRunning)}),
     1,
     Phase::kStarted,
     {},
     false,
     false,
     {"17"}},
    {"CancelWanted_Claimed_TakesGuard",
     With(RecordIn(Phase::kClaimed), kCancelled),
     Seen(kFree, {}),
     1,
     Phase::kClaimed,
     {},
     true},
    {"BrokerFinalJobAlive_IsCancelled",
     RecordIn(Phase::kFenced),
     Seen(kAgent, {JobIn(LocalState::kRunning)}),
     1,
     Phase::kFenced,
     {},
     false,
     false,
     {"17"}},
    {"LateCopyOfAnEndedAttempt_IsCancelled",
     With(StartedRecord(), [](AttemptRecord& r) { r.phase = Phase::kEnded; }),
     Seen(kWrapper, {EndedJob(EndCause::kProgramEnded, 0), JobIn(LocalState::kPending, "99")}),
     1,
     Phase::kEnded,
     {},
     false,
     false,
     {"99"}},
    {"LateCopyWhileRunning_IsCancelled",
     StartedRecord(),
     Seen(kWrapper, {JobIn(LocalState::kRunning), JobIn(LocalState::kPending, "99")}),
     1,
     Phase::kStarted,
     {},
     false,
     false,
     {"99"}},
    {"StartedThenInQueueAgain_IsInterruptedAndTheSecondRunCancelled",
     StartedRecord(),
     Seen(kWrapper, {JobIn(LocalState::kPending)}),
     5,
     Phase::kInterrupted,
     {"INTERRUPTED"},
     false,
     false,
     {"17"}},
    {"KilledThenInQueueAgain_IsInterruptedAndTheSecondRunCancelled",
     StartedRecord(),
     SeenWithExit(ExitBySignal(15), {JobIn(LocalState::kPending)}),
     5,
     Phase::kInterrupted,
     {"INTERRUPTED"},
     false,
     false,
     {"17"}},
    {"KilledWhileALateCopyWaits_ItsRecordDecides",
     StartedRecord(),
     SeenWithExit(ExitBySignal(11), {JobIn(LocalState::kPending, "99")}),
     5,
     Phase::kEnded,
     {"ENDED"},
     false,
     false,
     {"99"}},
    {"EndedByItselfThenInQueueAgain_ItsRecordDecides",
     StartedRecord(),
     SeenWithExit(ExitWith(0), {JobIn(LocalState::kPending)}),
     1,
     Phase::kEnded,
     {"ENDED"}},
    {"NodeFailed_IsInterrupted",
     StartedRecord(),
     Seen(kWrapper, {EndedJob(EndCause::kSiteInterrupted, {})}),
     5,
     Phase::kInterrupted,
     {"INTERRUPTED"}},
    {"FolderUnreadable_NothingIsDecided",
     SubmittedRecord(),
     Seen(GuardState::kUnknown, {EndedJob(EndCause::kProgramEnded, 0)}),
     50,
     Phase::kSubmitted,
     {}},
    {"UnknownStateWord_IsNoEnd",
     StartedRecord(),
     Seen(kWrapper, {JobIn(LocalState::kUnknown)}),
     50,
     Phase::kStarted,
     {}},
};

class RecoveryTable : public testing::TestWithParam<Row> {};

TEST_P(RecoveryTable, IsKept) {
  const Row& row = GetParam();
  const Decision decision = ReconcileRepeatedly(row.record, row.evidence, row.rounds, 40);
  SCOPED_TRACE(std::string("rule: ") + std::string(decision.rule));
  EXPECT_EQ(AttemptPhaseName(decision.record.phase), AttemptPhaseName(row.phase));
  EXPECT_EQ(decision.take_guard, row.take_guard);
  EXPECT_EQ(decision.submit, row.submit);
  std::vector<std::string> facts;
  for (const Fact& fact : decision.facts) {
    facts.emplace_back(FactName(fact));
  }
  EXPECT_EQ(facts, row.facts);
  std::vector<std::string> cancelled;
  for (const LocalJobIdentity& job : decision.cancel) {
    cancelled.push_back(job.local_job_id);
  }
  EXPECT_EQ(cancelled, row.cancelled);
}

INSTANTIATE_TEST_SUITE_P(Rows, RecoveryTable, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace turnpike
