#pragma once
// Where a job is, and the one table of what may happen to it.  docs/job-states.md shows the same table.

#include <optional>
#include <span>
#include <string_view>

namespace turnpike {

enum class JobState { kPending, kPlaced, kQueued, kRunning, kCompleted, kFailed, kCancelled };
enum class JobEvent {
  kPlaced,     // a plan chose a share; an attempt was offered
  kQueued,     // the site's scheduler has it
  kStarted,    // it runs
  kReturned,   // the attempt is over without the job being done; look for a share again
  kCompleted,  // the program ended with code 0
  kFailed,     // it ended otherwise, or no share will have it
  kCancelled,  // ended because somebody said so
};

constexpr JobState kJobStates[] = {JobState::kPending,   JobState::kPlaced, JobState::kQueued,   JobState::kRunning,
                                   JobState::kCompleted, JobState::kFailed, JobState::kCancelled};
constexpr JobEvent kJobEvents[] = {JobEvent::kPlaced,    JobEvent::kQueued, JobEvent::kStarted,  JobEvent::kReturned,
                                   JobEvent::kCompleted, JobEvent::kFailed, JobEvent::kCancelled};

struct JobTransition {
  JobState from;
  JobEvent event;
  JobState to;
};
std::span<const JobTransition> JobTransitions();

// nullopt: not allowed.  A final state allows nothing.
std::optional<JobState> NextJobState(JobState from, JobEvent event);
bool IsFinal(JobState state);

std::string_view JobStateName(JobState state);  // "PENDING"
std::optional<JobState> ParseJobState(std::string_view name);
std::string_view JobEventName(JobEvent event);  // "PLACED", as job_event keeps it
std::optional<JobEvent> ParseJobEvent(std::string_view name);

}  // namespace turnpike
