#pragma once
// gRPC's status codes by their names, as logs and metrics show them.

#include <grpcpp/support/status_code_enum.h>

#include <cstddef>
#include <string_view>

namespace turnpike {

constexpr size_t kStatusCodes = 17;

std::string_view StatusCodeName(grpc::StatusCode code);  // "NOT_FOUND"

}  // namespace turnpike
