#include "broker/core/step.h"

namespace turnpike {

Status Step(JobState& state, JobEvent event) {
  const std::optional<JobState> next = NextJobState(state, event);
  if (!next) {
    return Internal("a job that is {} cannot be {}", JobStateName(state), JobEventName(event));
  }
  state = *next;
  return OkStatus();
}

Status Step(JobView& job, JobEvent event) {
  if (const Status stepped = Step(job.state, event); !stepped.ok()) {
    return Internal("job {}: {}", job.job_id.ToString(), MessageOf(stepped));
  }
  return OkStatus();
}

Status Step(AttemptStanding& attempt, AttemptEvent event) {
  const std::optional<AttemptState> next = NextAttemptState(attempt.state, event);
  if (!next) {
    return Internal("attempt {} is {} and cannot be {}", attempt.attempt_id.ToString(), AttemptStateName(attempt.state),
                    AttemptEventName(event));
  }
  attempt.state = *next;
  return OkStatus();
}

}  // namespace turnpike
