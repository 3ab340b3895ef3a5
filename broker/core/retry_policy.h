#pragma once
// What becomes of the job when its attempt moves on: the one place that turns an attempt's state into an event of the
// job, and so decides about another try.

#include <cstdint>
#include <optional>

#include "base/end_cause.h"
#include "broker/core/attempt_state.h"
#include "broker/core/job_state.h"

namespace turnpike {

// How the attempt ended; default for one that has not.
struct AttemptEnd {
  EndCause cause = EndCause::kNone;
  FaultClass fault = FaultClass::kNone;  // as the site said; kNone: by cause
  std::optional<int32_t> exit_code;
  int32_t exit_signal = 0;
};

// What the job's own side says.
struct RetryStanding {
  int32_t attempts_started = 0;  // attempts that ran at least for a while, this one included; others do not count
  int32_t attempts_max = 3;
  bool rerun_safe = false;
  bool cancel_requested = false;
};

struct JobVerdict {
  JobEvent event = JobEvent::kReturned;
  EndCause cause = EndCause::kNone;  // of the job; kNone unless it is over
  FaultClass fault = FaultClass::kNone;
  friend bool operator==(const JobVerdict&, const JobVerdict&) = default;
};

// Who is at fault where the site did not say.
FaultClass UsualFault(const AttemptEnd& end);

// `state` is the attempt's new state.  nullopt: the job does not change.
std::optional<JobVerdict> JudgeJob(AttemptState state, const AttemptEnd& end, const RetryStanding& standing);

}  // namespace turnpike
