#pragma once
// LogWatch on PostgreSQL, as role turnpike_placement.

#include "base/pg/transaction_runner.h"
#include "broker/ports/log_store.h"

namespace turnpike {

class PgLogWatch final : public LogWatch {
 public:
  explicit PgLogWatch(TransactionRunner& transactions) : transactions_(transactions) {}

  Result<LogNews> Look(const std::vector<SiteId>& sites, const std::vector<AttemptId>& attempts) override;

 private:
  TransactionRunner& transactions_;
};

}  // namespace turnpike
