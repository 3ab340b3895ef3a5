#pragma once
// One unary call: authenticated, read and handled on the worker pool, never on gRPC's own threads, since it may wait
// for the database and a request may be large.

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <string>

#include "base/error_reason.h"
#include "base/grpc/error_details.h"
#include "base/worker_pool.h"
#include "broker/rpc/authenticator.h"
#include "broker/rpc/raw_message.h"

namespace turnpike {

// What every service needs.
struct CallSetting {
  Authenticator& authenticator;
  WorkerPool& pool;
};

inline Status PoolIsFull() {
  return WithDetails(
      ResourceExhausted("too many calls wait already; try again in a second"),
      {.reason = ErrorReason::kOverloaded, .metadata = {}, .violations = {}, .retry_after = std::chrono::seconds(1)});
}

using FinishCall = std::function<void(const Status&)>;

// `handle` finishes the call, then or later.
inline grpc::ServerUnaryReactor* BeginCall(CallSetting setting, grpc::CallbackServerContext* context,
                                           std::function<void(const Principal&, const FinishCall&)> handle) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const FinishCall finish = [reactor](const Status& status) { reactor->Finish(ToGrpc(status)); };
  const bool taken = setting.pool.TryRun([setting, context, finish, handle = std::move(handle)] {
    const Result<Principal> principal = setting.authenticator.Authenticate(*context);
    principal.ok() ? handle(*principal, finish) : finish(principal.status());
  });
  if (!taken) {
    finish(PoolIsFull());
  }
  return reactor;
}

// A call as gRPC hands it over; it lives until it is finished.
struct RawCall {
  grpc::CallbackServerContext* context;
  const grpc::ByteBuffer* request;
  grpc::ByteBuffer* response;
};

// `handle` fills the response of this call; its Status is the call's.
template <class Request, class Response>
grpc::ServerUnaryReactor* HandleCall(CallSetting setting, RawCall call,
                                     std::function<Status(const Principal&, const Request&, Response&)> handle) {
  const auto answer = [call, handle = std::move(handle)](const Principal& principal) -> Status {
    Request request;
    RETURN_IF_ERROR(ReadRequest(*call.request, request));
    Response response;
    RETURN_IF_ERROR(handle(principal, request, response));
    return WriteResponse(response, *call.response);
  };
  return BeginCall(setting, call.context,
                   [answer](const Principal& principal, const FinishCall& finish) { finish(answer(principal)); });
}

}  // namespace turnpike
