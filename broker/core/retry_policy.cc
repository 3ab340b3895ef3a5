#include "broker/core/retry_policy.h"

namespace turnpike {
namespace {

FaultClass FaultOf(const AttemptEnd& end) {
  return end.fault != FaultClass::kNone ? end.fault : UsualFault(end);
}

JobVerdict Over(JobEvent event, const AttemptEnd& end) {
  return {.event = event, .cause = end.cause, .fault = event == JobEvent::kFailed ? FaultOf(end) : FaultClass::kNone};
}

bool ProgramSucceeded(const AttemptEnd& end) {
  return end.cause == EndCause::kProgramEnded && end.exit_code == 0 && end.exit_signal == 0;
}

bool MayRunAgain(const RetryStanding& standing) {
  return standing.rerun_safe && !standing.cancel_requested && standing.attempts_started < standing.attempts_max;
}

// It ran, and the site took it away.
JobVerdict JudgeInterrupted(AttemptEnd end, const RetryStanding& standing) {
  if (end.cause == EndCause::kNone) {
    end.cause = EndCause::kSiteInterrupted;
  }
  if (standing.cancel_requested) {
    return {.event = JobEvent::kCancelled, .cause = EndCause::kCancelledByUser};
  }
  return MayRunAgain(standing) ? JobVerdict{.event = JobEvent::kReturned} : Over(JobEvent::kFailed, end);
}

JobVerdict JudgeEnded(const AttemptEnd& end, const RetryStanding& standing) {
  switch (end.cause) {
    case EndCause::kProgramEnded:
      if (ProgramSucceeded(end)) {
        return Over(JobEvent::kCompleted, end);
      }
      // A cancel reaches the program as a signal, and some programs turn that into a code of their own.
      return standing.cancel_requested ? JobVerdict{.event = JobEvent::kCancelled, .cause = EndCause::kCancelledByUser}
                                       : Over(JobEvent::kFailed, end);
    case EndCause::kSiteInterrupted:
    case EndCause::kPreempted:
      return JudgeInterrupted(end, standing);
    case EndCause::kCancelledByUser:
    case EndCause::kCancelledBySite:
      return Over(JobEvent::kCancelled, end);
    case EndCause::kNone:
    case EndCause::kUnknown:
      if (standing.cancel_requested) {
        return {.event = JobEvent::kCancelled, .cause = EndCause::kCancelledByUser};
      }
      return {.event = JobEvent::kFailed,
              .cause = EndCause::kUnknown,
              .fault = end.fault != FaultClass::kNone ? end.fault : FaultClass::kSite};
    case EndCause::kTimeLimit:
    case EndCause::kOutOfMemory:
    case EndCause::kRefused:
      return Over(JobEvent::kFailed, end);
  }
  __builtin_unreachable();
}

// It provably never ran, so another try costs nothing.  Whether any share is left to try, the next round finds out.
JobVerdict JudgeNeverStarted(const RetryStanding& standing) {
  if (standing.cancel_requested) {
    return {.event = JobEvent::kCancelled, .cause = EndCause::kCancelledByUser};
  }
  return {.event = JobEvent::kReturned};
}

}  // namespace

FaultClass UsualFault(const AttemptEnd& end) {
  switch (end.cause) {
    case EndCause::kNone:
    case EndCause::kCancelledByUser:
      return FaultClass::kNone;
    case EndCause::kProgramEnded:
      return ProgramSucceeded(end) ? FaultClass::kNone : FaultClass::kUser;
    case EndCause::kTimeLimit:
    case EndCause::kOutOfMemory:
      return FaultClass::kUser;
    case EndCause::kSiteInterrupted:
    case EndCause::kPreempted:
    case EndCause::kUnknown:
      return FaultClass::kSite;
    case EndCause::kCancelledBySite:
    case EndCause::kRefused:
      return FaultClass::kPolicy;
  }
  __builtin_unreachable();
}

std::optional<JobVerdict> JudgeJob(AttemptState state, const AttemptEnd& end, const RetryStanding& standing) {
  switch (state) {
    case AttemptState::kOffered:
    case AttemptState::kClaimed:
    case AttemptState::kAmbiguous:
    case AttemptState::kUncertain:
      return std::nullopt;
    case AttemptState::kSubmitted:
      return JobVerdict{.event = JobEvent::kQueued};
    case AttemptState::kStarted:
      return JobVerdict{.event = JobEvent::kStarted};
    case AttemptState::kEnded:
      return JudgeEnded(end, standing);
    case AttemptState::kInterrupted:
      return JudgeInterrupted(end, standing);
    case AttemptState::kNotStarted:
    case AttemptState::kFenced:
    case AttemptState::kWithdrawn:
      return JudgeNeverStarted(standing);
  }
  __builtin_unreachable();
}

}  // namespace turnpike
