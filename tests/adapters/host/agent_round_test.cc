#include "adapters/host/agent_round.h"

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

// --- The normal path.

TEST_F(AgentRoundTest, AnOfferBecomesAJobAndAnEndAndIsForgotten) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = site_.NewAttempt();
  ASSERT_TRUE(site_.round().Apply(AgentSite::Offer(id)).ok());
  EXPECT_THAT(RoundAndReceive(), ElementsAre("CLAIMED"));
  EXPECT_THAT(scheduler_.submitted, IsEmpty()) << "no GO, no submission";
  ASSERT_TRUE(site_.round().Apply(AgentSite::Go(id)).ok());
  ASSERT_TRUE(site_.round().Advance().ok());
  EXPECT_THAT(site_.Receive(), ElementsAre("SUBMITTED"));
  ASSERT_THAT(scheduler_.submitted, SizeIs(1));
  EXPECT_EQ(scheduler_.submitted[0].tag, LocalTag(id));
  EXPECT_THAT(RoundAndReceive(), ElementsAre("SITE_STATE_CHANGED"));
  scheduler_.Run();
  site_.StartProgram(id);
  EXPECT_THAT(RoundAndReceive(), ElementsAre("STARTED"));
  site_.EndProgram(id, 3);
  scheduler_.End(EndCause::kProgramEnded, 3);
  EXPECT_THAT(RoundAndReceive(), ElementsAre("ENDED"));
  EXPECT_EQ(site_.Last<EndedFact>()->exit_code, 3);
  EXPECT_EQ(site_.Last<EndedFact>()->usage->used.core_seconds, 60);
  site_.AcknowledgeAll();
  EXPECT_THAT(site_.journal().state().attempts, IsEmpty());
  EXPECT_THAT(site_.journal().state().reports, IsEmpty());
}

TEST_F(AgentRoundTest, ReportsAreNumberedWithoutGapsAndSentOnceASession) {
  ASSERT_TRUE(site_.Connect().ok());
  site_.Submit();
  Round();
  EXPECT_THAT(site_.Receive(), ElementsAre("SUBMITTED", "SITE_STATE_CHANGED"));
  EXPECT_THAT(site_.Receive(), IsEmpty());
  for (size_t index = 0; index < site_.received().size(); ++index) {
    EXPECT_EQ(site_.received()[index].seq, static_cast<int64_t>(index) + 1);
  }
  ASSERT_TRUE(site_.Connect().ok());
  EXPECT_THAT(site_.Receive(), ElementsAre("CLAIMED", "SUBMITTED", "SITE_STATE_CHANGED"));
}

TEST_F(AgentRoundTest, AnOfferWhoseOrderIsStillToComeWaitsForIt) {
  const AttemptId id = site_.NewAttempt();
  ASSERT_TRUE(site_.Connect({AgentSite::Offer(id, "")}).ok());
  EXPECT_THAT(RoundAndReceive(), IsEmpty());
  ASSERT_TRUE(site_.round().Apply(AgentSite::Offer(id)).ok());
  EXPECT_THAT(RoundAndReceive(), ElementsAre("CLAIMED"));
}

TEST_F(AgentRoundTest, WhatCannotRunHereIsRefusedWithTheReason) {
  ASSERT_TRUE(site_.Connect({AgentSite::Offer(site_.NewAttempt(), "bad share")}).ok());
  EXPECT_THAT(RoundAndReceive(), ElementsAre("NOT_STARTED"));
  EXPECT_EQ(site_.Last<NotStartedFact>()->kind, NotStartedKind::kNotEligible);
  EXPECT_THAT(site_.Last<NotStartedFact>()->detail, HasSubstr("no-such-share"));
}

TEST_F(AgentRoundTest, AFolderThatCannotBeFilledIsTheSitesLimitAndNotTheJobsFault) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = site_.NewAttempt();
  // Where the work folder should be, there is a file.
  ASSERT_TRUE(site_.directories().Make(id)->WriteFile(AttemptFiles::kWork, "").ok());
  ASSERT_TRUE(site_.round().Apply(AgentSite::Offer(id)).ok());
  ASSERT_TRUE(site_.round().Advance().ok());
  site_.Receive();
  ASSERT_TRUE(site_.round().Apply(AgentSite::Go(id)).ok());
  ASSERT_TRUE(site_.round().Advance().ok());
  EXPECT_THAT(site_.Receive(), ElementsAre("NOT_STARTED"));
  EXPECT_EQ(site_.Last<NotStartedFact>()->kind, NotStartedKind::kBackPressure);
  EXPECT_THAT(site_.Last<NotStartedFact>()->detail, HasSubstr("/work"));
  EXPECT_THAT(scheduler_.submitted, IsEmpty());

  EXPECT_THAT(site_.round().PauseReason(), HasSubstr("/work"));
  ASSERT_TRUE(site_.round().Apply(AgentSite::Offer(site_.NewAttempt())).ok());
  EXPECT_THAT(RoundAndReceive(), IsEmpty()) << "no new work for a while";
  clock_.Advance(site_.limits().unfilled_pause);
  EXPECT_THAT(RoundAndReceive(), ElementsAre("CLAIMED"));
}

TEST_F(AgentRoundTest, RefusalsAndBackPressureOfTheSchedulerAreToldApart) {
  ASSERT_TRUE(site_.Connect().ok());
  scheduler_.answers = {SubmitOutcome::Kind::kRefused, SubmitOutcome::Kind::kBackPressure};
  site_.Submit();
  EXPECT_THAT(site_.Receive(), ElementsAre("NOT_STARTED"));
  EXPECT_EQ(site_.Last<NotStartedFact>()->kind, NotStartedKind::kRefused);
  site_.Submit();
  EXPECT_THAT(site_.Receive(), ElementsAre("NOT_STARTED"));
  EXPECT_EQ(site_.Last<NotStartedFact>()->kind, NotStartedKind::kBackPressure);
}

TEST_F(AgentRoundTest, OneStepSpawnsOnlySoManyAndSaysThatThereIsMore) {
  site_.limits().spawns_per_round = 3;
  site_.Restart();
  ASSERT_TRUE(site_.Connect().ok());
  std::vector<AttemptId> attempts;
  for (int number = 0; number < 5; ++number) {
    attempts.push_back(site_.NewAttempt());
    ASSERT_TRUE(site_.round().Apply(AgentSite::Offer(attempts.back())).ok());
  }
  ASSERT_TRUE(site_.round().Advance().ok());
  site_.Receive();
  for (const AttemptId& id : attempts) {
    ASSERT_TRUE(site_.round().Apply(AgentSite::Go(id)).ok());
  }
  ASSERT_TRUE(site_.round().Advance().ok());
  EXPECT_THAT(scheduler_.submitted, SizeIs(3));
  EXPECT_TRUE(site_.round().has_more_work());
  ASSERT_TRUE(site_.round().Advance().ok());
  EXPECT_THAT(scheduler_.submitted, SizeIs(5));
  EXPECT_FALSE(site_.round().has_more_work());
}

// --- Leases, fences and sessions.

TEST_F(AgentRoundTest, TheLeaseCountsFromSendingTheClaim) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = site_.NewAttempt();
  ASSERT_TRUE(site_.round().Apply(AgentSite::Offer(id)).ok());
  ASSERT_TRUE(site_.round().Advance().ok());
  site_.Receive();
  clock_.Advance(std::chrono::seconds(61));
  ASSERT_TRUE(site_.round().Apply(AgentSite::Go(id, 1, std::chrono::seconds(60))).ok());
  ASSERT_TRUE(site_.round().Advance().ok());
  EXPECT_THAT(scheduler_.submitted, IsEmpty());
  EXPECT_THAT(site_.Receive(), ElementsAre("CLAIMED")) << "it asks again";
  ASSERT_TRUE(site_.round().Apply(AgentSite::Go(id, 1, std::chrono::seconds(60))).ok());
  ASSERT_TRUE(site_.round().Advance().ok());
  EXPECT_THAT(scheduler_.submitted, SizeIs(1));
}

TEST_F(AgentRoundTest, AGoForAClaimThatThisSessionDidNotSendIsNotUsed) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = site_.NewAttempt();
  ASSERT_TRUE(site_.round().Apply(AgentSite::Offer(id)).ok());
  ASSERT_TRUE(site_.round().Advance().ok());
  site_.Receive();
  site_.AcknowledgeAll();
  site_.Restart();
  ASSERT_TRUE(site_.Connect({AgentSite::Go(id)}).ok());
  ASSERT_TRUE(site_.round().Advance().ok());
  EXPECT_THAT(scheduler_.submitted, IsEmpty());
  EXPECT_THAT(site_.Receive(), ElementsAre("CLAIMED"));
}

TEST_F(AgentRoundTest, ALeaseDoesNotOutliveTheBootOfItsHost) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = site_.NewAttempt();
  ASSERT_TRUE(site_.round().Apply(AgentSite::Offer(id)).ok());
  ASSERT_TRUE(site_.round().Advance().ok());
  site_.Receive();
  ASSERT_TRUE(site_.round().Apply(AgentSite::Go(id)).ok());
  site_.Restart("boot 2");
  ASSERT_TRUE(site_.round().Advance().ok());
  EXPECT_THAT(scheduler_.submitted, IsEmpty());
}

TEST_F(AgentRoundTest, AnOlderFenceIsNotListenedTo) {
  ASSERT_TRUE(site_.Connect({AgentSite::Offer(site_.NewAttempt())}).ok());
  const AttemptId id = site_.NewAttempt();
  ASSERT_TRUE(site_.round().Apply(AgentSite::Offer(id, "true", 5)).ok());
  ASSERT_TRUE(site_.round().Advance().ok());
  site_.Receive();
  ASSERT_TRUE(site_.round().Apply(AgentSite::Go(id, 4)).ok());
  ASSERT_TRUE(site_.round().Apply(AgentSite::Want(DesiredPhase::kCancel, id, 4)).ok());
  ASSERT_TRUE(site_.round().Advance().ok());
  EXPECT_THAT(scheduler_.submitted, IsEmpty());
  EXPECT_EQ(site_.Guard(id), GuardState::kFree);
}

TEST_F(AgentRoundTest, AnOlderSessionIsRefusedAlsoAfterARestart) {
  ASSERT_TRUE(site_.round().StartSession({7, 0, false, {}}).ok());
  site_.Restart();
  EXPECT_EQ(site_.round().StartSession({7, 0, false, {}}).code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(site_.round().StartSession({8, 0, false, {}}).ok());
}

TEST_F(AgentRoundTest, AnAgentThatWasReplacedSpawnsNothing) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = site_.NewAttempt();
  ASSERT_TRUE(site_.round().Apply(AgentSite::Offer(id)).ok());
  ASSERT_TRUE(site_.round().Advance().ok());
  site_.Receive();
  ASSERT_TRUE(site_.round().Apply(AgentSite::Go(id)).ok());
  site_.round().StopSpawning();
  Round();
  EXPECT_THAT(scheduler_.submitted, IsEmpty());
}

TEST_F(AgentRoundTest, WithoutASessionTheLeaseStillCounts) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = site_.NewAttempt();
  ASSERT_TRUE(site_.round().Apply(AgentSite::Offer(id)).ok());
  ASSERT_TRUE(site_.round().Advance().ok());
  site_.Receive();
  ASSERT_TRUE(site_.round().Apply(AgentSite::Go(id)).ok());
  site_.round().EndSession();
  Round();
  EXPECT_THAT(scheduler_.submitted, SizeIs(1));
}

// --- Usage, output, folders.

TEST_F(AgentRoundTest, UsageFollowsWhenAccountingIsLate) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = SubmitAndStart();
  site_.EndProgram(id, 0);
  Round();
  site_.Receive();
  ASSERT_NE(site_.Last<EndedFact>(), nullptr);
  EXPECT_FALSE(site_.Last<EndedFact>()->usage.has_value());
  site_.AcknowledgeAll();
  EXPECT_THAT(site_.journal().state().attempts, SizeIs(1)) << "it owes its usage";
  scheduler_.End(EndCause::kProgramEnded, 0);
  EXPECT_THAT(RoundAndReceive(), ElementsAre("USAGE"));
  site_.AcknowledgeAll();
  EXPECT_THAT(site_.journal().state().attempts, IsEmpty());
  EXPECT_TRUE(site_.journal().state().endings.contains(id));
}

TEST_F(AgentRoundTest, ProvisionalUsageIsCorrectedWhenAccountingSpeaksAlsoToALaterAgent) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = SubmitAndStart();
  site_.EndProgram(id, 0);
  LocalJobView over = scheduler_.Only();
  scheduler_.queue.clear();
  Round();
  clock_.Advance(site_.policy().usage_wait);
  Round();
  site_.Receive();
  ASSERT_NE(site_.Last<UsageFact>(), nullptr);
  EXPECT_TRUE(site_.Last<UsageFact>()->provisional);
  const int64_t provisional_seq = site_.received().back().seq;
  site_.AcknowledgeAll();

  site_.Restart();
  ASSERT_TRUE(site_.Connect().ok());
  EXPECT_THAT(RoundAndReceive(), IsEmpty());
  EXPECT_THAT(scheduler_.asked_tags, ElementsAre(LocalTag(id)));
  Round();
  EXPECT_THAT(scheduler_.asked_tags, IsEmpty()) << "accounting is not asked with every look";
  scheduler_.queue[over.local_job_id] = over;
  scheduler_.End(EndCause::kProgramEnded, 0);
  EXPECT_THAT(RoundAndReceive(), ElementsAre("USAGE"));
  EXPECT_FALSE(site_.Last<UsageFact>()->provisional);
  EXPECT_GT(site_.received().back().seq, provisional_seq);
  site_.AcknowledgeAll();
  EXPECT_THAT(site_.journal().state().attempts, IsEmpty());
  EXPECT_TRUE(site_.journal().state().endings.contains(id));
}

TEST_F(AgentRoundTest, AFullAgentDoesNotWaitForCorrections) {
  site_.limits().attempts_max = 1;
  site_.Restart();
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = site_.Submit();
  site_.StartProgram(id);
  site_.EndProgram(id, 0);
  scheduler_.queue.clear();
  Round();
  clock_.Advance(site_.policy().usage_wait);
  Round();
  site_.Receive();
  site_.AcknowledgeAll();
  EXPECT_THAT(site_.journal().state().attempts, IsEmpty());
}

TEST_F(AgentRoundTest, TheEndOfTheOutputCanBeRead) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = site_.Submit();
  ASSERT_TRUE(site_.directories().Find(id)->WriteFile("stdout", "0123456789").ok());
  const Result<OutputTail> tail = site_.round().ReadOutputTail(id, OutputStream::kStandardOutput, 4);
  ASSERT_TRUE(tail.ok()) << tail.status();
  EXPECT_EQ(tail->bytes, "6789");
  EXPECT_EQ(tail->offset, 6U);
}

TEST_F(AgentRoundTest, FoldersAreKeptForAWhileAfterTheEnd) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId live = site_.Submit();
  const AttemptId done = site_.NewAttempt();
  ASSERT_TRUE(site_.directories().Make(done).ok());
  Round();
  EXPECT_TRUE(site_.directories().Find(done).ok());
  site_.limits().folders_kept = std::chrono::hours(-1'000'000);
  site_.Restart();
  ASSERT_TRUE(site_.Connect().ok());
  Round();
  EXPECT_FALSE(site_.directories().Find(done).ok());
  EXPECT_TRUE(site_.directories().Find(live).ok());
}

TEST_F(AgentRoundTest, NoFolderIsRemovedBeforeItIsKnownWhoseItIs) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId live = site_.Submit();
  site_.limits().folders_kept = std::chrono::hours(-1'000'000);
  std::filesystem::remove_all(scratch_.File("data"));  // The journal is lost,
  scheduler_.complete = false;
  scheduler_.queue.clear();  // and the queue does not answer.
  site_.Restart();
  Round();
  EXPECT_TRUE(site_.directories().Find(live).ok()) << "without a session";
  ASSERT_TRUE(site_.Connect({}, /*recovery=*/true).ok());
  Round();
  EXPECT_TRUE(site_.directories().Find(live).ok()) << "without a full look";
  scheduler_.complete = true;
  Round();
  EXPECT_FALSE(site_.directories().Find(live).ok()) << "nobody knows it";
}

TEST_F(AgentRoundTest, SightingsAloneWriteNothingToTheJournal) {
  ASSERT_TRUE(site_.Connect().ok());
  site_.Submit();
  Round();
  const int64_t bytes = site_.journal().file_bytes();
  Rounds(10, std::chrono::seconds(10));
  EXPECT_EQ(site_.journal().file_bytes(), bytes);
}

}  // namespace
}  // namespace turnpike
