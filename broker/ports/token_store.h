#pragma once
// Who is calling: bearer tokens, kept as hashes only.  Thread-safe; every call is a transaction.

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"

namespace turnpike {

enum class Role { kUser, kSiteOperator, kFederationOperator };
std::string_view RoleName(Role role);  // "user", "site-operator", "federation-operator"
std::optional<Role> ParseRole(std::string_view name);

// The caller of one call.
struct Principal {
  TokenId token_id;
  std::string subject;                  // the person or program, for records
  std::optional<ProjectId> project_id;  // the token's only project
  std::string project_name;             // of that project
  std::set<Role> roles;

  bool Has(Role role) const { return roles.contains(role); }
};

struct NewToken {
  TokenId token_id;
  Sha256Digest token_hash{};
  std::optional<ProjectId> project_id;
  std::string subject;
  std::set<Role> roles;
  std::optional<Timestamp> expires_at;
};

class TokenStore {
 public:
  virtual ~TokenStore() = default;
  // UNAUTHENTICATED (TOKEN_INVALID) when unknown, expired or revoked.
  virtual Result<Principal> Find(const Sha256Digest& token_hash) = 0;
  virtual Status Create(const NewToken& token) = 0;
};

}  // namespace turnpike
