#pragma once
// SecretStore on PostgreSQL, as role turnpike_api.

#include "base/pg/transaction_runner.h"
#include "broker/ports/secret_store.h"

namespace turnpike {

class PgSecretStore final : public SecretStore {
 public:
  explicit PgSecretStore(TransactionRunner& transactions) : transactions_(transactions) {}

  Result<std::string> FindOrKeep(std::string_view name, const std::string& fresh) override;

 private:
  TransactionRunner& transactions_;
};

}  // namespace turnpike
