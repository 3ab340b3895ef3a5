#pragma once
// LogStore on PostgreSQL, as role turnpike_api.

#include "base/pg/transaction_runner.h"
#include "broker/ports/log_store.h"

namespace turnpike {

class PgLogStore final : public LogStore {
 public:
  explicit PgLogStore(TransactionRunner& transactions) : transactions_(transactions) {}

  Result<LogPage> Read(const LogPlace& place, bool follows) override;
  Status Renew(ProjectId project_id, const AttemptId& attempt_id, bool error_stream) override;

 private:
  TransactionRunner& transactions_;
};

}  // namespace turnpike
