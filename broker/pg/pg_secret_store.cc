#include "broker/pg/pg_secret_store.h"

namespace turnpike {
namespace {

// Waits for whoever keeps one of this name at the same time; then theirs counts.  $1 name, $2 secret.
constexpr char kKeepSecret[] = R"sql(
    INSERT INTO broker_secret (name, value)
    VALUES ($1, $2)
        ON CONFLICT DO NOTHING
)sql";

// $1 name.
constexpr char kFindSecret[] = R"sql(
    SELECT value
      FROM broker_secret
     WHERE name = $1
)sql";

}  // namespace

Result<std::string> PgSecretStore::FindOrKeep(std::string_view name, const std::string& fresh) {
  std::string secret;
  RETURN_IF_ERROR(transactions_.Run({}, [&](Transaction& tx) -> Status {
    RETURN_IF_ERROR(tx.Execute(kKeepSecret, Params().Text(name).Bytes(fresh)).status());
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kFindSecret, Params().Text(name)));
    secret = rows.Bytes(0, 0);
    return OkStatus();
  }));
  return secret;
}

}  // namespace turnpike
