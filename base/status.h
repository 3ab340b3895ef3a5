#pragma once
// Errors as values: Status and Result<T>, one maker per canonical code, formatted with fmt.
// The codes mean what they mean in gRPC, and base/grpc/error_details carries them over the wire unchanged.

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace turnpike {

using Status = absl::Status;
using StatusCode = absl::StatusCode;

template <class T>
using Result = absl::StatusOr<T>;

inline Status OkStatus() {
  return absl::OkStatus();
}

// Debian's abseil has a string view of its own; these two are the only places that convert.
inline absl::string_view ToAbsl(std::string_view text) {
  return {text.data(), text.size()};
}
inline std::string_view FromAbsl(absl::string_view text) {
  return {text.data(), text.size()};
}

inline Status MakeStatus(StatusCode code, std::string_view message) {
  return Status(code, ToAbsl(message));
}
inline std::string_view MessageOf(const Status& status) {
  return FromAbsl(status.message());
}

#define TURNPIKE_STATUS_MAKER(Name, Code)                                                  \
  template <class... Args>                                                                 \
  Status Name(fmt::format_string<Args...> format, Args&&... args) {                        \
    return MakeStatus(StatusCode::Code, fmt::format(format, std::forward<Args>(args)...)); \
  }
TURNPIKE_STATUS_MAKER(InvalidArgument, kInvalidArgument)
TURNPIKE_STATUS_MAKER(NotFound, kNotFound)
TURNPIKE_STATUS_MAKER(AlreadyExists, kAlreadyExists)
TURNPIKE_STATUS_MAKER(PermissionDenied, kPermissionDenied)
TURNPIKE_STATUS_MAKER(Unauthenticated, kUnauthenticated)
TURNPIKE_STATUS_MAKER(ResourceExhausted, kResourceExhausted)
TURNPIKE_STATUS_MAKER(FailedPrecondition, kFailedPrecondition)
TURNPIKE_STATUS_MAKER(Aborted, kAborted)
TURNPIKE_STATUS_MAKER(OutOfRange, kOutOfRange)
TURNPIKE_STATUS_MAKER(Unimplemented, kUnimplemented)
TURNPIKE_STATUS_MAKER(Internal, kInternal)
TURNPIKE_STATUS_MAKER(Unavailable, kUnavailable)
TURNPIKE_STATUS_MAKER(DeadlineExceeded, kDeadlineExceeded)
TURNPIKE_STATUS_MAKER(DataLoss, kDataLoss)
TURNPIKE_STATUS_MAKER(Unknown, kUnknown)
#undef TURNPIKE_STATUS_MAKER

}  // namespace turnpike

#define TURNPIKE_CONCAT_INNER(a, b) a##b
#define TURNPIKE_CONCAT(a, b) TURNPIKE_CONCAT_INNER(a, b)

// RETURN_IF_ERROR(DoIt());  passes an error up unchanged.  The names inside are numbered, so that one may stand inside
// another's argument.
#define RETURN_IF_ERROR(expression) TURNPIKE_RETURN_IF_ERROR(TURNPIKE_CONCAT(return_if_error_, __COUNTER__), expression)
#define TURNPIKE_RETURN_IF_ERROR(holder, expression)              \
  do {                                                            \
    if (::turnpike::Status holder = (expression); !holder.ok()) { \
      return holder;                                              \
    }                                                             \
  } while (false)

// ASSIGN_OR_RETURN(Site site, FindSite(id));
#define ASSIGN_OR_RETURN(declaration, expression) \
  TURNPIKE_ASSIGN_OR_RETURN(TURNPIKE_CONCAT(assign_or_return_, __COUNTER__), declaration, expression)
#define TURNPIKE_ASSIGN_OR_RETURN(holder, declaration, expression) \
  auto holder = (expression);                                      \
  if (!holder.ok()) {                                              \
    return std::move(holder).status();                             \
  }                                                                \
  declaration = std::move(holder).value()
