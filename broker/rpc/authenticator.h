#pragma once
// Who calls: the bearer token of a call, looked up and remembered for a few seconds, so that a flood of calls is not a
// flood of queries.  A revoked token works until its memory ends.  Thread-safe.

#include <grpcpp/server_context.h>

#include <chrono>
#include <map>
#include <optional>

#include "base/mutex.h"
#include "base/time.h"
#include "broker/ports/token_store.h"

namespace turnpike {

class Authenticator {
 public:
  Authenticator(TokenStore& tokens, const Clock& clock) : tokens_(tokens), clock_(clock) {}

  // Without asking anybody: nullopt for a token not seen lately, or none at all.
  std::optional<Principal> Recognize(const grpc::ServerContextBase& context) EXCLUDES(mutex_);
  // Blocks on the database for a token not seen lately.  UNAUTHENTICATED.
  Result<Principal> Authenticate(const grpc::ServerContextBase& context) EXCLUDES(mutex_);

 private:
  struct Remembered {
    Principal principal;
    MonotonicTime until;
  };
  std::optional<Principal> Recall(const Sha256Digest& hash) EXCLUDES(mutex_);

  TokenStore& tokens_;
  const Clock& clock_;
  Mutex mutex_;
  std::map<Sha256Digest, Remembered> remembered_ GUARDED_BY(mutex_);
};

// PERMISSION_DENIED (ROLE_MISSING) unless the caller has one of the roles.
Status RequireRole(const Principal& principal, Role role);
// The project that a call is about: the one named, by its name or id, which must be the caller's (another's is
// NOT_FOUND), or the caller's only one.
Result<ProjectId> ProjectOf(const Principal& principal, const std::string& named);

}  // namespace turnpike
