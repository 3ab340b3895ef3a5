#pragma once
// The one table of machine-readable reasons.  A reason is the `reason` of google.rpc.ErrorInfo: stable within v1, never
// translated; programs branch on it, documents list it (docs/errors.md).  A Status carries at most one, with the names
// and values that its message mentions.

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace turnpike {

enum class ErrorReason {
  kInvalidField,         // INVALID_ARGUMENT: one or more fields; the violations name each path
  kFieldNotSupported,    // UNIMPLEMENTED: a field of the contract that does not work yet
  kRequestIdReused,      // INVALID_ARGUMENT: the same request_id came with another body
  kRequestIdTooOld,      // INVALID_ARGUMENT: older than the time for which keys are kept
  kTokenMissing,         // UNAUTHENTICATED
  kTokenInvalid,         // UNAUTHENTICATED: unknown, expired or revoked
  kRoleMissing,          // PERMISSION_DENIED
  kBalanceTooLow,        // FAILED_PRECONDITION: the free balance is below the hold
  kNoSiteFits,           // FAILED_PRECONDITION: no registered share can ever run the job
  kNotFound,             // NOT_FOUND
  kAlreadyExists,        // ALREADY_EXISTS
  kIllegalTransition,    // FAILED_PRECONDITION: the object's state does not allow it
  kEnrollmentRefused,    // PERMISSION_DENIED: token unknown, expired or used
  kProtocolTooOld,       // FAILED_PRECONDITION: agent and broker have no protocol version in common
  kSessionReplaced,      // ABORTED: a newer session of the same site took over
  kResumeTokenTooOld,    // OUT_OF_RANGE: take a fresh snapshot and watch from there
  kPageTokenInvalid,     // INVALID_ARGUMENT
  kOverloaded,           // RESOURCE_EXHAUSTED, with a time after which to try again
  kDatabaseUnavailable,  // UNAVAILABLE
  kInternal,             // INTERNAL: our bug
};

// "BALANCE_TOO_LOW".
std::string_view ErrorReasonName(ErrorReason reason);
std::optional<ErrorReason> ParseErrorReason(std::string_view name);

struct FieldViolation {
  std::string path;         // "spec.resources.nodes"
  std::string description;  // what is wrong and what would be right
  friend bool operator==(const FieldViolation&, const FieldViolation&) = default;
};

// What a Status says beside code and message.
struct ErrorDetails {
  std::optional<ErrorReason> reason;
  std::map<std::string, std::string> metadata;  // the values that the message mentions
  std::vector<FieldViolation> violations;       // with kInvalidField and kFieldNotSupported
  std::optional<std::chrono::milliseconds> retry_after;
};

Status WithDetails(Status status, const ErrorDetails& details);
Status WithReason(Status status, ErrorReason reason, std::map<std::string, std::string> metadata = {});
ErrorDetails DetailsOf(const Status& status);

// Collects every offending field, so that one answer names them all.
class FieldViolations {
 public:
  void Add(std::string path, std::string description) {
    violations_.push_back({std::move(path), std::move(description)});
  }
  // A field of the contract that does not work yet: never ignored, always named.
  void AddUnsupported(std::string path, std::string description) {
    unsupported_.push_back({std::move(path), std::move(description)});
  }
  bool empty() const { return violations_.empty() && unsupported_.empty(); }
  // OK; else INVALID_ARGUMENT with every violation; else UNIMPLEMENTED naming every unsupported field.
  Status ToStatus() const;

 private:
  std::vector<FieldViolation> violations_;
  std::vector<FieldViolation> unsupported_;
};

}  // namespace turnpike
