// Doubtful answers, vanished jobs, lost journals, orphans, a broker restored to the past.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/adapters/host/agent_round_fixture.h"

namespace turnpike {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using AgentRecoveryTest = AgentRoundTest;

// --- Doubt.

TEST_F(AgentRecoveryTest, AnUnknownAnswerIsLookedUpAndAdopted) {
  ASSERT_TRUE(site_.Connect().ok());
  scheduler_.answers = {SubmitOutcome::Kind::kAmbiguous};
  site_.Submit();
  EXPECT_THAT(site_.Receive(), ElementsAre("AMBIGUOUS"));
  EXPECT_THAT(RoundAndReceive(), ElementsAre("SUBMITTED", "SITE_STATE_CHANGED"));
  EXPECT_THAT(scheduler_.submitted, SizeIs(1));
}

TEST_F(AgentRecoveryTest, AnUnknownAnswerWithoutAJobIsTriedAgainOnceThatIsSure) {
  ASSERT_TRUE(site_.Connect().ok());
  scheduler_.answers = {SubmitOutcome::Kind::kAmbiguous};
  scheduler_.keep_ambiguous = false;
  const AttemptId id = site_.Submit();
  Rounds(2, std::chrono::seconds(10));
  EXPECT_THAT(scheduler_.submitted, SizeIs(1));
  Rounds(6, std::chrono::seconds(10));
  ASSERT_THAT(scheduler_.submitted, SizeIs(2));
  EXPECT_EQ(scheduler_.submitted[0].tag, scheduler_.submitted[1].tag);
  EXPECT_EQ(scheduler_.submitted[1].attempt_id, id);
}

TEST_F(AgentRecoveryTest, ALeaseOfAnEarlierBootIsOverAlsoForTheNextProcessOfThisBoot) {
  ASSERT_TRUE(site_.Connect().ok());
  scheduler_.answers = {SubmitOutcome::Kind::kAmbiguous};
  scheduler_.keep_ambiguous = false;
  const AttemptId id = site_.Submit();
  for (int process = 0; process < 2; ++process) {
    site_.Restart("boot 2");
    ASSERT_TRUE(site_.Connect().ok());
  }
  Rounds(9, std::chrono::seconds(10));
  EXPECT_THAT(scheduler_.submitted, SizeIs(1)) << "no GO came since the boot";
  EXPECT_EQ(site_.Guard(id), GuardState::kTakenByAgent);
}

TEST_F(AgentRecoveryTest, IncompleteAnswersProveNothingHoweverLong) {
  ASSERT_TRUE(site_.Connect().ok());
  site_.Submit();
  scheduler_.queue.clear();
  scheduler_.complete = false;
  site_.Receive();
  Rounds(100, std::chrono::minutes(10));
  EXPECT_THAT(site_.Receive(), IsEmpty());
}

TEST_F(AgentRecoveryTest, AJobThatVanishedIsFencedAndNotSubmittedAgain) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = site_.Submit();
  site_.Receive();
  scheduler_.queue.clear();
  Rounds(9, std::chrono::seconds(10));
  EXPECT_THAT(site_.Receive(), ElementsAre("NOT_STARTED"));
  EXPECT_EQ(site_.Last<NotStartedFact>()->kind, NotStartedKind::kFenced);
  EXPECT_EQ(site_.Guard(id), GuardState::kTakenByAgent);
  EXPECT_THAT(scheduler_.submitted, SizeIs(1));
}

TEST_F(AgentRecoveryTest, AVanishedJobThatRanAndLeftItsRecordHasEnded) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = site_.Submit();
  site_.Receive();
  scheduler_.queue.clear();
  site_.StartProgram(id);
  site_.EndProgram(id, 0);
  EXPECT_THAT(RoundAndReceive(), ElementsAre("STARTED", "ENDED"));
}

TEST_F(AgentRecoveryTest, WhileTheSpoolIsAwayNoEndProvesThatNothingStarted) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = site_.Submit();
  site_.StartProgram(id);
  site_.EndProgram(id, 3);
  site_.Receive();
  std::filesystem::rename(scratch_.File("spool"), scratch_.File("disk"));
  std::filesystem::create_directory(scratch_.File("spool"));
  site_.Restart();
  ASSERT_TRUE(site_.Connect().ok());
  site_.Receive();
  scheduler_.End(EndCause::kProgramEnded, 3);
  Rounds(9, std::chrono::seconds(10));
  EXPECT_THAT(site_.Receive(), IsEmpty());
  EXPECT_THAT(site_.round().PauseReason(), HasSubstr("spool"));
  std::filesystem::remove(scratch_.File("spool"));
  std::filesystem::rename(scratch_.File("disk"), scratch_.File("spool"));
  EXPECT_THAT(RoundAndReceive(), ElementsAre("STARTED", "ENDED"));
  EXPECT_THAT(site_.round().PauseReason(), IsEmpty());
}

TEST_F(AgentRecoveryTest, ManyJobsGoneAtOncePauseNewWork) {
  ASSERT_TRUE(site_.Connect().ok());
  for (int number = 0; number < 10; ++number) {
    site_.Submit();
  }
  Round();
  EXPECT_THAT(site_.round().PauseReason(), IsEmpty());
  scheduler_.queue.clear();
  Round();
  EXPECT_THAT(site_.round().PauseReason(), HasSubstr("vanished"));
  ASSERT_TRUE(site_.round().Apply(AgentSite::Offer(site_.NewAttempt())).ok());
  site_.Receive();
  ASSERT_TRUE(site_.round().Advance().ok());
  EXPECT_THAT(site_.Receive(), IsEmpty());
  clock_.Advance(std::chrono::minutes(11));
  ASSERT_TRUE(site_.round().Advance().ok());
  EXPECT_THAT(site_.Receive(), ElementsAre("CLAIMED"));
}

TEST_F(AgentRecoveryTest, ExtraCopiesAreCancelledAndOneIsKept) {
  ASSERT_TRUE(site_.Connect().ok());
  site_.Submit();
  LocalJobView copy = scheduler_.Only();
  copy.local_job_id = "77";
  scheduler_.queue["77"] = copy;
  Round();
  EXPECT_THAT(scheduler_.queue, SizeIs(1));
  EXPECT_FALSE(scheduler_.queue.contains("77"));
}

// --- Lost journals, orphans, restored brokers.

TEST_F(AgentRecoveryTest, AnAttemptThatOnlyTheBrokerKnowsIsFencedWhereNothingIsFound) {
  const AttemptId id = site_.NewAttempt();
  ASSERT_TRUE(site_.Connect({AgentSite::Go(id)}, /*recovery=*/true).ok());
  Rounds(9, std::chrono::seconds(10));
  EXPECT_THAT(site_.Receive(), ElementsAre("NOT_STARTED"));
  EXPECT_EQ(site_.Guard(id), GuardState::kTakenByAgent);
  EXPECT_THAT(scheduler_.submitted, IsEmpty());
}

TEST_F(AgentRecoveryTest, AnAttemptThatOnlyTheBrokerKnowsIsAdoptedWhereItRuns) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = SubmitAndStart();
  std::filesystem::remove_all(scratch_.File("data"));
  site_.Restart();
  ASSERT_TRUE(site_.Connect({AgentSite::Go(id)}, /*recovery=*/true).ok());
  EXPECT_THAT(RoundAndReceive(), ElementsAre("SUBMITTED", "STARTED", "SITE_STATE_CHANGED"));
  EXPECT_THAT(scheduler_.cancelled, IsEmpty());
}

TEST_F(AgentRecoveryTest, InRecoveryNothingIsClaimedBeforeAFullLook) {
  scheduler_.complete = false;
  ASSERT_TRUE(site_.Connect({AgentSite::Offer(site_.NewAttempt())}, /*recovery=*/true).ok());
  EXPECT_THAT(RoundAndReceive(), IsEmpty());
  scheduler_.complete = true;
  EXPECT_THAT(RoundAndReceive(), ElementsAre("CLAIMED"));
}

TEST_F(AgentRecoveryTest, AJobOfOursThatNobodyKnowsIsCancelledAndReportedOnce) {
  ASSERT_TRUE(site_.Connect().ok());
  site_.Submit();
  std::filesystem::remove_all(scratch_.File("data"));
  site_.Restart();
  const LocalJobView orphan = scheduler_.Only();
  Round();
  EXPECT_THAT(scheduler_.cancelled, IsEmpty()) << "the broker's list is not known yet";
  ASSERT_TRUE(site_.Connect().ok());
  EXPECT_THAT(RoundAndReceive(), ElementsAre("ORPHAN"));
  EXPECT_THAT(scheduler_.queue, IsEmpty());
  scheduler_.queue["1"] = orphan;
  EXPECT_THAT(RoundAndReceive(), IsEmpty());
  EXPECT_THAT(scheduler_.queue, IsEmpty());
}

TEST_F(AgentRecoveryTest, AForgedTagIsLeftAlone) {
  ASSERT_TRUE(site_.Connect().ok());
  LocalJobView forged;
  forged.local_job_id = "5";
  forged.tag = LocalTag(site_.NewAttempt());
  forged.comment = forged.tag + ":0011223344556677";
  forged.local_user = OwnUser();
  forged.state = LocalState::kRunning;
  scheduler_.queue["5"] = forged;
  EXPECT_THAT(RoundAndReceive(), IsEmpty());
  EXPECT_THAT(scheduler_.queue, SizeIs(1));
}

TEST_F(AgentRecoveryTest, AnOfferThatComesAgainAfterItsEndGetsItsEndAgain) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = site_.Submit();
  site_.StartProgram(id);
  site_.EndProgram(id, 0);
  scheduler_.End(EndCause::kProgramEnded, 0);
  Round();
  site_.Receive();
  site_.AcknowledgeAll();
  ASSERT_THAT(site_.journal().state().attempts, IsEmpty());
  site_.Restart();
  ASSERT_TRUE(site_.Connect({AgentSite::Offer(id, "true", 4)}).ok());
  EXPECT_THAT(RoundAndReceive(), ElementsAre("ENDED"));
  EXPECT_EQ(site_.received().back().fence, 4);
  EXPECT_THAT(scheduler_.submitted, SizeIs(1));
}

TEST_F(AgentRecoveryTest, AnOfferOfWhatRunsAlreadyGetsItsStoryAgain) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = SubmitAndStart();
  Round();
  site_.Receive();
  site_.AcknowledgeAll();
  ASSERT_TRUE(site_.Connect({AgentSite::Offer(id, "true", 2)}).ok());
  EXPECT_THAT(site_.Receive(), ElementsAre("CLAIMED", "SUBMITTED", "STARTED"));
  EXPECT_THAT(scheduler_.submitted, SizeIs(1));
}

}  // namespace
}  // namespace turnpike
