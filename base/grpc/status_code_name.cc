#include "base/grpc/status_code_name.h"

#include <iterator>

namespace turnpike {
namespace {

// In the order of their numbers.
constexpr std::string_view kNames[] = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};
static_assert(std::size(kNames) == kStatusCodes);

}  // namespace

std::string_view StatusCodeName(grpc::StatusCode code) {
  const auto number = static_cast<size_t>(code);
  return number < kStatusCodes ? kNames[number] : "UNKNOWN";
}

}  // namespace turnpike
