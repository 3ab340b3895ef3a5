// What the broker wants ended: attempts that wait, run, or are gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/adapters/host/agent_round_fixture.h"

namespace turnpike {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

using AgentCancelTest = AgentRoundTest;

TEST_F(AgentCancelTest, ACancelBeforeTheStartTakesTheGuardFirst) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = site_.Submit();
  site_.Receive();
  ASSERT_TRUE(site_.round().Apply(AgentSite::Want(DesiredPhase::kCancel, id, 2)).ok());
  EXPECT_THAT(RoundAndReceive(), ElementsAre("NOT_STARTED"));
  EXPECT_EQ(site_.received().back().fence, 2);
  EXPECT_EQ(site_.Guard(id), GuardState::kTakenByAgent);
  EXPECT_THAT(scheduler_.queue, IsEmpty());
}

TEST_F(AgentCancelTest, ACancelBetweenTwoLooksEndsTheJobInTheQueueToo) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = site_.Submit();
  site_.Receive();
  ASSERT_TRUE(site_.round().Apply(AgentSite::Want(DesiredPhase::kCancel, id, 2)).ok());
  ASSERT_TRUE(site_.round().Advance().ok());
  EXPECT_THAT(site_.Receive(), ElementsAre("NOT_STARTED"));
  EXPECT_THAT(scheduler_.cancelled, SizeIs(1));
  EXPECT_THAT(scheduler_.queue, IsEmpty());
}

TEST_F(AgentCancelTest, WhatIsLeftOfACancelledAttemptIsEndedAtTheNextLookAndReportedOnce) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = site_.Submit();
  const LocalJobView left = scheduler_.Only();
  ASSERT_TRUE(site_.round().Apply(AgentSite::Want(DesiredPhase::kCancel, id, 2)).ok());
  ASSERT_TRUE(site_.round().Advance().ok());
  site_.Receive();
  site_.AcknowledgeAll();
  ASSERT_TRUE(site_.round().Apply(AgentSite::Want(DesiredPhase::kGone, id, 2)).ok());
  EXPECT_THAT(site_.Receive(), IsEmpty());
  scheduler_.queue[left.local_job_id] = left;  // The scheduler did not do as it was told.
  EXPECT_THAT(RoundAndReceive(), IsEmpty());
  EXPECT_THAT(scheduler_.queue, IsEmpty());
}

TEST_F(AgentCancelTest, ACancelOfARunningJobEndsWithWhatTheEvidenceSays) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = SubmitAndStart();
  Round();
  site_.Receive();
  ASSERT_TRUE(site_.round().Apply(AgentSite::Want(DesiredPhase::kCancel, id, 2)).ok());
  const LocalJobView running = scheduler_.Only();
  EXPECT_THAT(RoundAndReceive(), IsEmpty());
  EXPECT_THAT(scheduler_.cancelled, SizeIs(1));
  scheduler_.queue["1"] = running;
  site_.EndProgram(id, 143);
  scheduler_.End(EndCause::kCancelledBySite, std::nullopt);
  EXPECT_THAT(RoundAndReceive(), ElementsAre("ENDED"));
  EXPECT_EQ(site_.Last<EndedFact>()->cause, EndCause::kCancelledByUser);
}

TEST_F(AgentCancelTest, AWithdrawnAttemptIsUndone) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = site_.Submit();
  ASSERT_TRUE(site_.round().Apply(AgentSite::Want(DesiredPhase::kGone, id, 2)).ok());
  Round();
  EXPECT_EQ(site_.Guard(id), GuardState::kTakenByAgent);
  EXPECT_THAT(scheduler_.queue, IsEmpty());
}

}  // namespace
}  // namespace turnpike
