#include "cli/exit_code.h"

#include "base/error_reason.h"

namespace turnpike {
namespace {

constexpr int kSignalBase = 128;
constexpr int kSignalMax = 64;
constexpr int kCodeMax = 255;

int ExitCodeOfPrecondition(const ErrorDetails& details) {
  if (details.reason == ErrorReason::kNoSiteFits) {
    return kExitNoSiteFits;
  }
  return details.reason == ErrorReason::kBalanceTooLow ? kExitDenied : kExitPrecondition;
}

}  // namespace

int ExitCodeOf(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
      return kExitOk;
    case StatusCode::kInvalidArgument:
    case StatusCode::kOutOfRange:
    case StatusCode::kUnimplemented:
      return kExitInvalid;
    case StatusCode::kNotFound:
      return kExitNotFound;
    case StatusCode::kUnauthenticated:
      return kExitNoToken;
    case StatusCode::kPermissionDenied:
      return kExitDenied;
    case StatusCode::kResourceExhausted:
      return DetailsOf(status).reason == ErrorReason::kOverloaded ? kExitBrokerAway : kExitDenied;
    case StatusCode::kFailedPrecondition:
      return ExitCodeOfPrecondition(DetailsOf(status));
    case StatusCode::kAlreadyExists:
    case StatusCode::kAborted:
      return kExitPrecondition;
    case StatusCode::kDeadlineExceeded:
      return kExitTimedOut;
    case StatusCode::kUnavailable:
      return kExitBrokerAway;
    case StatusCode::kCancelled:
      return kExitInterrupted;
    default:
      return kExitOther;
  }
}

bool HasEnded(v1::JobState state) {
  return state == v1::JOB_STATE_COMPLETED || state == v1::JOB_STATE_FAILED || state == v1::JOB_STATE_CANCELLED;
}

int ExitCodeOf(const v1::Job& job) {
  if (job.state() == v1::JOB_STATE_COMPLETED) {
    return kExitOk;
  }
  if (job.state() == v1::JOB_STATE_CANCELLED) {
    return kExitJobCancelled;
  }
  if (job.cause() == v1::END_CAUSE_TIME_LIMIT) {
    return kExitJobTimeLimit;
  }
  // A number out of range must not wrap round to 0, which would read as success.
  if (job.exit_signal() > 0 && job.exit_signal() <= kSignalMax) {
    return kSignalBase + job.exit_signal();
  }
  return job.exit_code() > 0 && job.exit_code() <= kCodeMax ? job.exit_code() : kExitJobFailed;
}

}  // namespace turnpike
