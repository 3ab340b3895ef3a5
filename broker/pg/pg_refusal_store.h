#pragma once
// RefusalStore on PostgreSQL, as role turnpike_api.

#include <vector>

#include "base/pg/transaction_runner.h"
#include "broker/ports/refusal_store.h"

namespace turnpike {

struct ProjectRefusal {
  ProjectId project_id;
  QuoteRefusal refusal;
};

// For stores that refuse within a transaction of their own.
Status InsertRefusals(Transaction& tx, const std::vector<ProjectRefusal>& refusals);

class PgRefusalStore final : public RefusalStore {
 public:
  explicit PgRefusalStore(TransactionRunner& transactions) : transactions_(transactions) {}

  Status Keep(ProjectId project_id, const QuoteRefusal& refusal) override;

 private:
  TransactionRunner& transactions_;
};

}  // namespace turnpike
