#pragma once
// A ledger in memory that remembers what it was asked for.

#include <map>
#include <vector>

#include "billing/ports/ledger_store.h"

namespace turnpike {

class RecordingLedger final : public LedgerStore {
 public:
  Result<ProjectView> CreateProject(const RequestKey&, const ProjectView& project) override {
    projects[project.name] = project;
    return project;
  }
  Result<ProjectView> FindProject(std::string_view name_or_id) override {
    const auto found = projects.find(name_or_id);
    return found == projects.end() ? Result<ProjectView>(NotFound("there is no project {}", name_or_id))
                                   : found->second;
  }
  Result<ProjectView> SetWeight(ProjectId, int32_t) override { return Unimplemented("no test sets weights here"); }
  Result<TransferView> Deposit(const DepositOrder& order) override {
    deposits.push_back(order);
    balance_micros += order.amount_micros;
    return TransferView{.transfer_id = {},
                        .entry_id = {},
                        .kind = TransferKind::kDeposit,
                        .debit_account = {},
                        .credit_account = {},
                        .amount = {order.amount_micros, "EUR"},
                        .at = {},
                        .job_id = {},
                        .description = order.description};
  }
  Result<std::vector<AccountView>> Accounts(const AccountOwner&) override {
    AccountView account;
    account.balance_micros = balance_micros;
    return std::vector<AccountView>{account};
  }
  Result<std::vector<TransferView>> Transfers(const AccountOwner&, const LedgerPage&) override {
    return Unimplemented("no test reads transfers here");
  }
  Result<std::vector<UsageView>> Usage(const UsageQuery&) override { return Unimplemented("no test reads usage here"); }

  std::map<std::string, ProjectView, std::less<>> projects;
  std::vector<DepositOrder> deposits;
  int64_t balance_micros = 0;
};

}  // namespace turnpike
