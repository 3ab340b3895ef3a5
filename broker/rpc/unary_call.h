#pragma once
// One unary call: authenticated and handled on the worker pool, since both may wait for the database, never on gRPC's
// own threads.

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <string>

#include "base/error_reason.h"
#include "base/grpc/error_details.h"
#include "base/worker_pool.h"
#include "broker/rpc/authenticator.h"

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

// `handle` fills the response of this call; its Status is the call's.
inline grpc::ServerUnaryReactor* HandleCall(CallSetting setting, grpc::CallbackServerContext* context,
                                            std::function<Status(const Principal&)> handle) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const bool taken = setting.pool.TryRun([setting, context, reactor, handle = std::move(handle)] {
    const Result<Principal> principal = setting.authenticator.Authenticate(*context);
    reactor->Finish(ToGrpc(principal.ok() ? handle(*principal) : principal.status()));
  });
  if (!taken) {
    reactor->Finish(ToGrpc(PoolIsFull()));
  }
  return reactor;
}

}  // namespace turnpike
