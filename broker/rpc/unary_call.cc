#include "broker/rpc/unary_call.h"

#include <optional>

namespace turnpike {
namespace {

// Whose token was seen lately is admitted or refused without a query; of others the address is.
Result<std::optional<Caller>> AdmitEarly(CallSetting setting, const grpc::CallbackServerContext& context,
                                         CallKind kind) {
  const std::optional<Principal> known = setting.authenticator.Recognize(context);
  if (!known) {
    RETURN_IF_ERROR(setting.limiter.AdmitStranger(context.peer()));
    return std::optional<Caller>();
  }
  ASSIGN_OR_RETURN(auto permit, setting.limiter.Admit(*known, kind));
  return std::optional(Caller{.principal = *known, .permit = std::move(permit)});
}

Result<Caller> AdmitStranger(CallSetting setting, const grpc::CallbackServerContext& context, CallKind kind) {
  ASSIGN_OR_RETURN(const Principal principal, setting.authenticator.Authenticate(context));
  ASSIGN_OR_RETURN(auto permit, setting.limiter.Admit(principal, kind));
  return Caller{.principal = principal, .permit = std::move(permit)};
}

}  // namespace

Result<Caller> AdmitCall(CallSetting setting, const grpc::CallbackServerContext& context, CallKind kind) {
  ASSIGN_OR_RETURN(const std::optional<Caller> known, AdmitEarly(setting, context, kind));
  return known ? Result<Caller>(*known) : AdmitStranger(setting, context, kind);
}

grpc::ServerUnaryReactor* BeginCall(CallSetting setting, grpc::CallbackServerContext* context, CallKind kind,
                                    HandleCaller handle) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const FinishCall finish = [reactor](const Status& status) { reactor->Finish(ToGrpc(status)); };
  const Result<std::optional<Caller>> known = AdmitEarly(setting, *context, kind);
  if (!known.ok()) {
    finish(known.status());
    return reactor;
  }
  const bool taken = setting.pool.TryRun([setting, context, kind, finish, known = *known, handle = std::move(handle)] {
    const Result<Caller> caller = known ? Result<Caller>(*known) : AdmitStranger(setting, *context, kind);
    caller.ok() ? handle(*caller, finish) : finish(caller.status());
  });
  if (!taken) {
    finish(setting.limiter.QueueIsFull());
  }
  return reactor;
}

}  // namespace turnpike
