#pragma once
// Errors over the wire: a Status with its ErrorDetails becomes a grpc::Status with a google.rpc.Status in
// grpc-status-details-bin, and the other way round, without loss.

#include <grpcpp/support/status.h>

#include <cstddef>

#include "base/error_reason.h"
#include "base/status.h"

namespace turnpike {

// Trailers are headers: clients accept 8 KiB of them.  A longer message is cut, and of many violations the first are
// kept.
constexpr size_t kErrorMessageBytesMax = 1024;
constexpr size_t kErrorDetailsBytesMax = 5120;

// For the edge of a server.  The code stays; INTERNAL, UNKNOWN and DATA_LOSS leave without their own words, which may
// hold SQL: those are logged here as an error, and the caller gets the number under which the log has them.
grpc::Status ToGrpc(const Status& status);
// For the edge of a client.  A reason that this program does not know yet is left out.
Status FromGrpc(const grpc::Status& status);

}  // namespace turnpike
