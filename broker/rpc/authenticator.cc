#include "broker/rpc/authenticator.h"

#include "base/error_reason.h"
#include "base/grpc/call_metadata.h"

namespace turnpike {
namespace {

constexpr std::chrono::seconds kMemory{5};
constexpr size_t kRememberedMax = 10'000;

}  // namespace

Result<Principal> Authenticator::Authenticate(const grpc::ServerContextBase& context) {
  ASSIGN_OR_RETURN(const std::string token, BearerTokenOf(context));
  const Sha256Digest hash = Sha256(token);
  if (std::optional<Principal> known = Recall(hash)) {
    return *std::move(known);
  }
  const MonotonicTime now = clock_.Monotonic();
  ASSIGN_OR_RETURN(Principal principal, tokens_.Find(hash));
  MutexLock lock(mutex_);
  if (remembered_.size() >= kRememberedMax) {
    remembered_.clear();
  }
  remembered_[hash] = {.principal = principal, .until = now + kMemory};
  return principal;
}

std::optional<Principal> Authenticator::Recognize(const grpc::ServerContextBase& context) {
  const Result<std::string> token = BearerTokenOf(context);
  return token.ok() ? Recall(Sha256(*token)) : std::nullopt;
}

std::optional<Principal> Authenticator::Recall(const Sha256Digest& hash) {
  const MonotonicTime now = clock_.Monotonic();
  MutexLock lock(mutex_);
  const auto found = remembered_.find(hash);
  return found != remembered_.end() && now < found->second.until ? std::optional(found->second.principal)
                                                                 : std::nullopt;
}

Status RequireRole(const Principal& principal, Role role) {
  if (principal.Has(role) || principal.Has(Role::kFederationOperator)) {
    return OkStatus();
  }
  return WithReason(
      PermissionDenied("this needs the role {}; ask the federation's operators for a token with it", RoleName(role)),
      ErrorReason::kRoleMissing, {{"role", std::string(RoleName(role))}});
}

Result<ProjectId> ProjectOf(const Principal& principal, const std::string& named) {
  if (!principal.project_id) {
    return WithReason(PermissionDenied("this token belongs to no project; use a token of the project"),
                      ErrorReason::kRoleMissing);
  }
  const bool is_own =
      named.empty() || named == principal.project_name || ProjectId::Parse(named) == principal.project_id;
  if (!is_own) {
    return WithReason(NotFound("there is no project {} that you belong to", named), ErrorReason::kNotFound,
                      {{"project", named}});
  }
  return *principal.project_id;
}

}  // namespace turnpike
