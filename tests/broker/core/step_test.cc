#include "broker/core/step.h"

#include <gmock/gmock.h>

namespace turnpike {
namespace {

using ::testing::HasSubstr;

TEST(Step, TakesEveryStepOfTheTableAndNoOther) {
  for (const JobState from : kJobStates) {
    for (const JobEvent event : kJobEvents) {
      JobView job;
      job.state = from;
      const std::optional<JobState> next = NextJobState(from, event);
      EXPECT_EQ(Step(job, event).ok(), next.has_value()) << JobStateName(from) << " + " << JobEventName(event);
      EXPECT_EQ(job.state, next.value_or(from));
    }
  }
  for (const AttemptState from : kAttemptStates) {
    for (const AttemptEvent event : kAttemptEvents) {
      AttemptStanding attempt;
      attempt.state = from;
      const std::optional<AttemptState> next = NextAttemptState(from, event);
      EXPECT_EQ(Step(attempt, event).ok(), next.has_value()) << AttemptStateName(from) << AttemptEventName(event);
      EXPECT_EQ(attempt.state, next.value_or(from));
    }
  }
}

TEST(Step, AnImpossibleOneIsInternalAndSaysWhose) {
  JobView job;
  job.job_id = JobId(Uuid{{7}});
  job.state = JobState::kCompleted;
  const Status placed = Step(job, JobEvent::kPlaced);
  EXPECT_EQ(placed.code(), StatusCode::kInternal);
  EXPECT_THAT(std::string(MessageOf(placed)), HasSubstr(job.job_id.ToString()));
  EXPECT_THAT(std::string(MessageOf(placed)), HasSubstr("COMPLETED cannot be PLACED"));
  AttemptStanding attempt;
  attempt.attempt_id = AttemptId(Uuid{{8}});
  attempt.state = AttemptState::kStarted;
  const Status withdrawn = Step(attempt, AttemptEvent::kWithdrawn);
  EXPECT_EQ(withdrawn.code(), StatusCode::kInternal);
  EXPECT_THAT(std::string(MessageOf(withdrawn)), HasSubstr(attempt.attempt_id.ToString()));
}

}  // namespace
}  // namespace turnpike
