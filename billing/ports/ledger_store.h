#pragma once
// The ledger as users and operators see it: projects, accounts, transfers, usage.  Thread-safe; every call is a
// transaction. What jobs do to money happens inside the transactions of their own state (billing/pg/ledger_writer.h),
// not here.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/money.h"
#include "base/request_key.h"
#include "base/resources.h"
#include "base/status.h"
#include "base/time.h"
#include "billing/core/transfer.h"

namespace turnpike {

enum class AccountKind { kProject, kSite, kFederation, kExternal };
std::string_view AccountKindName(AccountKind kind);  // "project", …
std::optional<AccountKind> ParseAccountKind(std::string_view name);

// Why money moved.
enum class TransferKind { kDeposit, kCharge, kRefund, kAdjustment };
std::string_view TransferKindName(TransferKind kind);  // "DEPOSIT", …
std::optional<TransferKind> ParseTransferKind(std::string_view name);

struct AccountView {
  AccountId account_id;
  AccountKind kind = AccountKind::kProject;
  std::string owner;  // the project's or site's name
  std::string unit;
  int64_t balance_micros = 0;
  int64_t held_micros = 0;
  int64_t floor_micros = 0;

  int64_t available_micros() const { return balance_micros - held_micros - floor_micros; }
};

struct TransferView {
  TransferId transfer_id;
  EntryId entry_id;
  TransferKind kind = TransferKind::kDeposit;
  AccountId debit_account;
  AccountId credit_account;
  Money amount;
  Timestamp at{};
  std::optional<JobId> job_id;
  std::string description;
};

struct UsageView {
  JobId job_id;
  AttemptId attempt_id;
  std::string site_name;
  std::string share;
  std::string local_job_id;
  std::optional<Timestamp> started_at;
  Timestamp ended_at{};
  ResourceSeconds used;
  Money charged;
  int64_t price_version = 0;
  std::string formula;
  bool provisional = false;
  Timestamp at{};
};

struct ProjectView {
  ProjectId project_id;
  std::string name;
  std::string unit;
  int32_t weight = 1;  // its part when several projects' jobs wait
};

// Whose account: exactly one of the two.
struct AccountOwner {
  std::optional<ProjectId> project_id;
  std::optional<SiteId> site_id;
};

// A page, newest first: what is before (`before_at`, `before_id`).
struct LedgerPage {
  std::optional<Timestamp> before_at;
  Uuid before_id;
  size_t limit = 0;
};

struct DepositOrder {
  RequestKey key;
  ProjectId project_id;
  int64_t amount_micros = 0;
  std::string description;
};

struct UsageQuery {
  ProjectId project_id;
  std::optional<JobId> job_id;
  std::optional<Timestamp> since;
  LedgerPage page;
};

class LedgerStore {
 public:
  virtual ~LedgerStore() = default;

  // With an empty account.  ALREADY_EXISTS when another project has the name.
  virtual Result<ProjectView> CreateProject(const RequestKey& key, const ProjectView& project) = 0;
  // By name or id; NOT_FOUND.
  virtual Result<ProjectView> FindProject(std::string_view name_or_id) = 0;
  // The whole project as it then stands.
  virtual Result<ProjectView> SetWeight(ProjectId project_id, int32_t weight) = 0;
  // Money from outside.  NOT_FOUND: no such project.  OUT_OF_RANGE: the balance would not fit.
  virtual Result<TransferView> Deposit(const DepositOrder& order) = 0;
  // All accounts of the owner, by unit.
  virtual Result<std::vector<AccountView>> Accounts(const AccountOwner& owner) = 0;
  virtual Result<std::vector<TransferView>> Transfers(const AccountOwner& owner, const LedgerPage& page) = 0;
  // Of each attempt the newest record: a correction stands for what it corrects.
  virtual Result<std::vector<UsageView>> Usage(const UsageQuery& query) = 0;
};

}  // namespace turnpike
