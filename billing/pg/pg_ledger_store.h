#pragma once
// LedgerStore on PostgreSQL, as role turnpike_api.  What changes the ledger stands in pg_ledger_store.cc, what reads it
// in pg_ledger_store_pages.cc.

#include "base/ids.h"
#include "base/pg/transaction_runner.h"
#include "billing/ports/ledger_store.h"

namespace turnpike {

class PgLedgerStore final : public LedgerStore {
 public:
  PgLedgerStore(TransactionRunner& transactions, IdSource& ids) : transactions_(transactions), ids_(ids) {}

  Result<ProjectView> CreateProject(const RequestKey& key, const ProjectView& project) override;
  Result<ProjectView> FindProject(std::string_view name_or_id) override;
  Result<ProjectView> SetWeight(ProjectId project_id, int32_t weight) override;
  Result<TransferView> Deposit(const DepositOrder& order) override;
  Result<std::vector<AccountView>> Accounts(const AccountOwner& owner) override;
  Result<std::vector<TransferView>> Transfers(const AccountOwner& owner, const LedgerPage& page) override;
  Result<std::vector<UsageView>> Usage(const UsageQuery& query) override;

 private:
  TransactionRunner& transactions_;
  IdSource& ids_;
};

}  // namespace turnpike
