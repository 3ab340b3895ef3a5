#include "broker/core/retry_policy.h"

#include <gmock/gmock.h>

namespace turnpike {
namespace {

const RetryStanding kFirst{.attempts_started = 1};
const RetryStanding kRerun{.attempts_started = 1, .rerun_safe = true};
const RetryStanding kLastRerun{.attempts_started = 3, .rerun_safe = true};
const RetryStanding kCancelling{.attempts_started = 1, .rerun_safe = true, .cancel_requested = true};

AttemptEnd Program(int32_t code, int32_t signal = 0) {
  AttemptEnd end;
  end.cause = EndCause::kProgramEnded;
  end.exit_code = code;
  end.exit_signal = signal;
  return end;
}

AttemptEnd Because(EndCause cause, FaultClass fault = FaultClass::kNone) {
  AttemptEnd end;
  end.cause = cause;
  end.fault = fault;
  return end;
}

struct Case {
  const char* name;
  AttemptState state;
  AttemptEnd end;
  RetryStanding standing;
  JobVerdict expected;
};

const JobVerdict kReturned{.event = JobEvent::kReturned};
const JobVerdict kCancelledByUser{.event = JobEvent::kCancelled, .cause = EndCause::kCancelledByUser};

JobVerdict Failed(EndCause cause, FaultClass fault) {
  return {.event = JobEvent::kFailed, .cause = cause, .fault = fault};
}

const Case kCases[] = {
    {"submitted", AttemptState::kSubmitted, {}, kFirst, {.event = JobEvent::kQueued}},
    {"started", AttemptState::kStarted, {}, kFirst, {.event = JobEvent::kStarted}},
    {"code 0",
     AttemptState::kEnded,
     Program(0),
     kFirst,
     {.event = JobEvent::kCompleted, .cause = EndCause::kProgramEnded}},
    {"code 0 before the cancel got there",
     AttemptState::kEnded,
     Program(0),
     kCancelling,
     {.event = JobEvent::kCompleted, .cause = EndCause::kProgramEnded}},
    {"code 1", AttemptState::kEnded, Program(1), kFirst, Failed(EndCause::kProgramEnded, FaultClass::kUser)},
    {"code 1 is not tried again", AttemptState::kEnded, Program(1), kRerun,
     Failed(EndCause::kProgramEnded, FaultClass::kUser)},
    {"signal", AttemptState::kEnded, Program(0, 11), kFirst, Failed(EndCause::kProgramEnded, FaultClass::kUser)},
    {"killed by the cancel", AttemptState::kEnded, Program(143), kCancelling, kCancelledByUser},
    {"time limit", AttemptState::kEnded, Because(EndCause::kTimeLimit), kRerun,
     Failed(EndCause::kTimeLimit, FaultClass::kUser)},
    {"memory", AttemptState::kEnded, Because(EndCause::kOutOfMemory), kRerun,
     Failed(EndCause::kOutOfMemory, FaultClass::kUser)},
    {"the site's word on the fault counts", AttemptState::kEnded, Because(EndCause::kOutOfMemory, FaultClass::kSite),
     kFirst, Failed(EndCause::kOutOfMemory, FaultClass::kSite)},
    {"preempted and rerun safe", AttemptState::kEnded, Because(EndCause::kPreempted), kRerun, kReturned},
    {"preempted", AttemptState::kEnded, Because(EndCause::kPreempted), kFirst,
     Failed(EndCause::kPreempted, FaultClass::kSite)},
    {"cancelled by its user", AttemptState::kEnded, Because(EndCause::kCancelledByUser), kFirst, kCancelledByUser},
    {"cancelled by the site",
     AttemptState::kEnded,
     Because(EndCause::kCancelledBySite),
     kFirst,
     {.event = JobEvent::kCancelled, .cause = EndCause::kCancelledBySite}},
    {"unknown", AttemptState::kEnded, Because(EndCause::kUnknown), kFirst,
     Failed(EndCause::kUnknown, FaultClass::kSite)},
    {"unknown after a cancel", AttemptState::kEnded, Because(EndCause::kUnknown), kCancelling, kCancelledByUser},
    {"no cause given", AttemptState::kEnded, {}, kFirst, Failed(EndCause::kUnknown, FaultClass::kSite)},
    {"interrupted", AttemptState::kInterrupted, {}, kFirst, Failed(EndCause::kSiteInterrupted, FaultClass::kSite)},
    {"interrupted and rerun safe", AttemptState::kInterrupted, {}, kRerun, kReturned},
    {"interrupted at the last attempt",
     AttemptState::kInterrupted,
     {},
     kLastRerun,
     Failed(EndCause::kSiteInterrupted, FaultClass::kSite)},
    {"interrupted under a cancel", AttemptState::kInterrupted, {}, kCancelling, kCancelledByUser},
    {"refused", AttemptState::kNotStarted, {}, kFirst, kReturned},
    {"refused under a cancel", AttemptState::kNotStarted, {}, kCancelling, kCancelledByUser},
    {"fenced", AttemptState::kFenced, {}, kFirst, kReturned},
    {"fenced under a cancel", AttemptState::kFenced, {}, kCancelling, kCancelledByUser},
    {"withdrawn", AttemptState::kWithdrawn, {}, kFirst, kReturned},
    {"withdrawn for a cancel", AttemptState::kWithdrawn, {}, kCancelling, kCancelledByUser},
};

TEST(RetryPolicy, JudgesTheJobByItsAttempt) {
  for (const Case& each : kCases) {
    const std::optional<JobVerdict> verdict = JudgeJob(each.state, each.end, each.standing);
    ASSERT_TRUE(verdict) << each.name;
    EXPECT_EQ(JobEventName(verdict->event), JobEventName(each.expected.event)) << each.name;
    EXPECT_EQ(EndCauseName(verdict->cause), EndCauseName(each.expected.cause)) << each.name;
    EXPECT_EQ(FaultClassName(verdict->fault), FaultClassName(each.expected.fault)) << each.name;
  }
}

TEST(RetryPolicy, JobStaysWhereTheAttemptTellsNothingNew) {
  for (const AttemptState state :
       {AttemptState::kOffered, AttemptState::kClaimed, AttemptState::kAmbiguous, AttemptState::kUncertain}) {
    EXPECT_EQ(JudgeJob(state, {}, kFirst), std::nullopt) << AttemptStateName(state);
  }
}

TEST(RetryPolicy, NothingThatMayHaveRunIsRunAgainWithoutTheUsersWord) {
  for (const AttemptState state : {AttemptState::kEnded, AttemptState::kInterrupted}) {
    for (int cause = 0; cause <= static_cast<int>(EndCause::kUnknown); ++cause) {
      for (const RetryStanding& standing : {kFirst, kLastRerun, kCancelling}) {
        const std::optional<JobVerdict> verdict = JudgeJob(state, Because(static_cast<EndCause>(cause)), standing);
        ASSERT_TRUE(verdict);
        EXPECT_NE(verdict->event, JobEvent::kReturned) << AttemptStateName(state) << " cause " << cause;
      }
    }
  }
}

// Every verdict about a final attempt is an event that a live job may have.
TEST(RetryPolicy, VerdictsAreAllowedForLiveJobs) {
  for (const Case& each : kCases) {
    if (IsFinal(each.state)) {
      for (const JobState job : {JobState::kPlaced, JobState::kQueued, JobState::kRunning}) {
        EXPECT_TRUE(NextJobState(job, each.expected.event)) << each.name << " from " << JobStateName(job);
      }
    }
  }
}

}  // namespace
}  // namespace turnpike
