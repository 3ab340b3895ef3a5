#pragma once
// TokenStore on PostgreSQL, as role turnpike_api.

#include "base/pg/transaction_runner.h"
#include "broker/ports/token_store.h"

namespace turnpike {

class PgTokenStore final : public TokenStore {
 public:
  explicit PgTokenStore(TransactionRunner& transactions) : transactions_(transactions) {}

  Result<Principal> Find(const Sha256Digest& token_hash) override;
  Status Create(const NewToken& token) override;

 private:
  TransactionRunner& transactions_;
};

}  // namespace turnpike
