#pragma once
// One unary call: admitted or refused at once, on gRPC's own thread; then authenticated, read and handled on the worker
// pool, since it may wait for the database and a request may be large.

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>

#include "base/error_reason.h"
#include "base/grpc/error_details.h"
#include "base/worker_pool.h"
#include "broker/rpc/authenticator.h"
#include "broker/rpc/call_limiter.h"
#include "broker/rpc/raw_message.h"

namespace turnpike {

// What every service needs.
struct CallSetting {
  Authenticator& authenticator;
  WorkerPool& pool;
  CallLimiter& limiter;
};

// A caller who is known, and within the limits of their project.
struct Caller {
  Principal principal;
  std::shared_ptr<CallLimiter::Permit> permit;
};

// Nothing of the request is read.  Blocks on the database where the token was not seen lately.  UNAUTHENTICATED,
// RESOURCE_EXHAUSTED.
Result<Caller> AdmitCall(CallSetting setting, const grpc::CallbackServerContext& context, CallKind kind);

using FinishCall = std::function<void(const Status&)>;
using HandleCaller = std::function<void(const Caller&, const FinishCall&)>;

// `handle` finishes the call, then or later.
grpc::ServerUnaryReactor* BeginCall(CallSetting setting, grpc::CallbackServerContext* context, CallKind kind,
                                    HandleCaller handle);

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
  return BeginCall(setting, call.context, CallKind::kPlain,
                   [answer](const Caller& caller, const FinishCall& finish) { finish(answer(caller.principal)); });
}

}  // namespace turnpike
