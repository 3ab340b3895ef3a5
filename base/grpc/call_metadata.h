#pragma once
// What travels beside a request: who calls (authorization), and what ties the logs of both ends together (x-request-id,
// traceparent).

#include <grpcpp/client_context.h>
#include <grpcpp/server_context.h>

#include <string>
#include <string_view>

#include "base/call_trace.h"
#include "base/status.h"

namespace turnpike {

// Empty: not sent.
struct CallMetadata {
  std::string bearer_token;
  std::string request_id;   // 1 to 128 printable characters
  std::string traceparent;  // W3C: 00-<32 hex>-<16 hex>-<2 hex>
};

// INVALID_ARGUMENT when a value could not be sent: gRPC would end the process.
Status AddCallMetadata(const CallMetadata& metadata, grpc::ClientContext& context);

// The token of "authorization: Bearer …".  UNAUTHENTICATED, with TOKEN_MISSING or TOKEN_INVALID, unless there is
// exactly one.
Result<std::string> BearerTokenOf(const grpc::ServerContextBase& context);
// Empty when absent, sent twice or malformed: they serve logs alone, and never decide anything.
std::string RequestIdOf(const grpc::ServerContextBase& context);
std::string TraceParentOf(const grpc::ServerContextBase& context);
CallTrace TraceOf(const grpc::ServerContextBase& context);

}  // namespace turnpike
