#include "broker/pg/pg_token_store.h"

#include "base/error_reason.h"
#include "base/pg/sql_status.h"

namespace turnpike {
namespace {

// $1 digest.
constexpr char kFindToken[] = R"sql(
    SELECT t.token_id, t.subject, t.project_id, coalesce(p.name, ''), t.roles
      FROM api_token AS t
      LEFT JOIN project AS p ON p.project_id = t.project_id
     WHERE t.token_hash = $1
       AND t.revoked_at IS NULL
       AND (t.expires_at IS NULL OR t.expires_at > now())
)sql";

// $1 id, $2 digest, $3 project, $4 subject, $5 roles, $6 when it expires.
constexpr char kInsertToken[] = R"sql(
    INSERT INTO api_token (token_id, token_hash, project_id, subject, roles, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT DO NOTHING
)sql";

constexpr std::string_view kForeignKeyViolation = "23503";

// A role that this program does not know grants nothing.
std::set<Role> RolesOf(const std::vector<std::string>& names) {
  std::set<Role> roles;
  for (const std::string& name : names) {
    if (const std::optional<Role> role = ParseRole(name)) {
      roles.insert(*role);
    }
  }
  return roles;
}

Status NoSuchProject(ProjectId project_id) {
  return WithReason(NotFound("project {} does not exist", project_id.ToString()), ErrorReason::kNotFound,
                    {{"project", project_id.ToString()}});
}

}  // namespace

// One answer for unknown, expired and revoked: whoever tries tokens learns nothing.
Result<Principal> PgTokenStore::Find(const Sha256Digest& token_hash) {
  Principal principal;
  const Status done = transactions_.Run({.read_only = true}, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kFindToken, Params().Bytes(AsBytes(token_hash))));
    if (rows.empty()) {
      return WithReason(Unauthenticated("the token is unknown, expired or revoked; ask an operator for a new one"),
                        ErrorReason::kTokenInvalid);
    }
    principal = {.token_id = rows.Id<TokenId>(0, 0),
                 .subject = std::string(rows.Text(0, 1)),
                 .project_id = rows.OptionalId<ProjectId>(0, 2),
                 .project_name = std::string(rows.Text(0, 3)),
                 .roles = RolesOf(rows.TextArray(0, 4))};
    return OkStatus();
  });
  RETURN_IF_ERROR(done);
  return principal;
}

Status PgTokenStore::Create(const NewToken& token) {
  std::vector<std::string_view> roles;
  for (const Role role : token.roles) {
    roles.push_back(RoleName(role));
  }
  Params params;
  params.Id(token.token_id).Bytes(AsBytes(token.token_hash)).OptionalId(token.project_id);
  params.Text(token.subject).TextArray(roles).OptionalTime(token.expires_at);
  return transactions_.Run({}, [&](Transaction& tx) -> Status {
    const Result<Rows> inserted = tx.Execute(kInsertToken, params);
    if (SqlStateOf(inserted.status()) == kForeignKeyViolation && token.project_id) {
      return NoSuchProject(*token.project_id);
    }
    RETURN_IF_ERROR(inserted.status());
    if (inserted->affected() == 0) {
      return WithReason(
          AlreadyExists("token {} or its secret exists already; make a new one", token.token_id.ToString()),
          ErrorReason::kAlreadyExists, {{"token", token.token_id.ToString()}});
    }
    return OkStatus();
  });
}

}  // namespace turnpike
