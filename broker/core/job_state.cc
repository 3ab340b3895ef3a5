#include "broker/core/job_state.h"

#include "broker/core/enum_names.h"

namespace turnpike {
namespace {

// clang-format off
constexpr JobTransition kJobTransitions[] = {
    {JobState::kPending, JobEvent::kPlaced,    JobState::kPlaced   },
    {JobState::kPending, JobEvent::kFailed,    JobState::kFailed   },  // No share will have it.
    {JobState::kPending, JobEvent::kCancelled, JobState::kCancelled},
    {JobState::kPlaced,  JobEvent::kQueued,    JobState::kQueued   },
    {JobState::kPlaced,  JobEvent::kStarted,   JobState::kRunning  },  // The report of queueing was skipped.
    {JobState::kPlaced,  JobEvent::kReturned,  JobState::kPending  },  // Try another share.
    {JobState::kPlaced,  JobEvent::kCompleted, JobState::kCompleted},
    {JobState::kPlaced,  JobEvent::kFailed,    JobState::kFailed   },
    {JobState::kPlaced,  JobEvent::kCancelled, JobState::kCancelled},
    {JobState::kQueued,  JobEvent::kQueued,    JobState::kQueued   },  // Told again, after a doubt.
    {JobState::kQueued,  JobEvent::kStarted,   JobState::kRunning  },
    {JobState::kQueued,  JobEvent::kReturned,  JobState::kPending  },
    {JobState::kQueued,  JobEvent::kCompleted, JobState::kCompleted},
    {JobState::kQueued,  JobEvent::kFailed,    JobState::kFailed   },
    {JobState::kQueued,  JobEvent::kCancelled, JobState::kCancelled},
    {JobState::kRunning, JobEvent::kQueued,    JobState::kRunning  },  // Told again, after a doubt.
    {JobState::kRunning, JobEvent::kStarted,   JobState::kRunning  },
    {JobState::kRunning, JobEvent::kReturned,  JobState::kPending  },  // Interrupted, and may run again.
    {JobState::kRunning, JobEvent::kCompleted, JobState::kCompleted},
    {JobState::kRunning, JobEvent::kFailed,    JobState::kFailed   },
    {JobState::kRunning, JobEvent::kCancelled, JobState::kCancelled},
};
// clang-format on

constexpr EnumName<JobState> kStateNames[] = {
    {JobState::kPending, "PENDING"},     {JobState::kPlaced, "PLACED"},       {JobState::kQueued, "QUEUED"},
    {JobState::kRunning, "RUNNING"},     {JobState::kCompleted, "COMPLETED"}, {JobState::kFailed, "FAILED"},
    {JobState::kCancelled, "CANCELLED"},
};

constexpr EnumName<JobEvent> kEventNames[] = {
    {JobEvent::kPlaced, "PLACED"},       {JobEvent::kQueued, "QUEUED"},       {JobEvent::kStarted, "STARTED"},
    {JobEvent::kReturned, "RETURNED"},   {JobEvent::kCompleted, "COMPLETED"}, {JobEvent::kFailed, "FAILED"},
    {JobEvent::kCancelled, "CANCELLED"},
};

}  // namespace

std::span<const JobTransition> JobTransitions() {
  return kJobTransitions;
}

std::optional<JobState> NextJobState(JobState from, JobEvent event) {
  for (const JobTransition& transition : kJobTransitions) {
    if (transition.from == from && transition.event == event) {
      return transition.to;
    }
  }
  return std::nullopt;
}

bool IsFinal(JobState state) {
  return state == JobState::kCompleted || state == JobState::kFailed || state == JobState::kCancelled;
}

std::string_view JobStateName(JobState state) {
  return NameIn(kStateNames, state);
}
std::optional<JobState> ParseJobState(std::string_view name) {
  return ValueIn(kStateNames, name);
}
std::string_view JobEventName(JobEvent event) {
  return NameIn(kEventNames, event);
}
std::optional<JobEvent> ParseJobEvent(std::string_view name) {
  return ValueIn(kEventNames, name);
}

}  // namespace turnpike
