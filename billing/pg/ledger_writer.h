#pragma once
// What jobs do to money, inside the transaction of the job's own state: set aside, charge, release.  Made for one
// transaction. Lock order: accounts before holds before anything of the job (decisions: one lock order), each by id.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/pg/transaction.h"
#include "base/resources.h"

namespace turnpike {

// A project's account, locked until the transaction ends.
struct LockedAccount {
  AccountId account_id;
  std::string unit;
  int64_t balance_micros = 0;
  int64_t held_micros = 0;
  int64_t floor_micros = 0;

  int64_t available_micros() const { return balance_micros - held_micros - floor_micros; }
};

struct NewHold {
  JobId job_id;
  ProjectId project_id;
  AccountId account_id;
  std::string unit;
  int64_t reserved_micros = 0;
};

struct LockedHold {
  AccountId account_id;
  ProjectId project_id;
  std::string unit;
  int64_t reserved_micros = 0;
  int64_t charged_micros = 0;
  int64_t released_micros = 0;
  int64_t refunded_micros = 0;  // of what was charged

  int64_t open_micros() const { return reserved_micros - charged_micros - released_micros; }
};

// What an attempt used, and what its project pays the site for it.
struct SettledUse {
  AttemptId attempt_id;
  int number = 1;  // 1: the first word on this attempt, and its charge; 2: the correction, and its refund
  ProjectId project_id;
  JobId job_id;
  int32_t task_index = 0;
  SiteId site_id;
  std::string share;
  std::string cluster;
  std::string local_job_id;
  std::optional<Timestamp> started_at;
  Timestamp ended_at{};
  ResourceSeconds used;
  int64_t charge_micros = 0;  // what the use costs the project
  int64_t refund_micros = 0;  // with a correction: what goes back of the charge before it
  std::string unit;
  int64_t price_version = 0;
  std::string formula;
  bool provisional = false;
  bool disputed = false;
};

// What becomes of one hold: all are added to what it already says.
struct HoldChange {
  JobId job_id;
  int64_t charge_micros = 0;
  int64_t release_micros = 0;
  int64_t refund_micros = 0;
};

class LedgerWriter {
 public:
  LedgerWriter(Transaction& tx, IdSource& ids) : tx_(tx), ids_(ids) {}

  // Projects without an account are left out.
  Result<std::map<ProjectId, LockedAccount>> LockAccounts(std::vector<ProjectId> projects);
  // The accounts are locked and were found to cover it.  Written with the transaction's next statement.
  void Reserve(const std::vector<NewHold>& holds);
  Result<std::map<JobId, LockedHold>> LockHolds(std::vector<JobId> jobs);
  // `changes` of holds that LockHolds returned; accounts follow.  `uses` become usage records, and transfers where
  // something is charged.
  Status Settle(const std::vector<HoldChange>& changes, const std::vector<SettledUse>& uses);

 private:
  Status ChangeHolds(const std::vector<HoldChange>& changes);
  Status WriteUses(const std::vector<SettledUse>& uses);
  Status WriteTransfers(const std::vector<SettledUse>& uses);
  // The site's account in each unit, made on first use.
  Result<std::map<std::pair<SiteId, std::string>, AccountId>> SiteAccounts(const std::vector<SettledUse>& uses);

  Transaction& tx_;
  IdSource& ids_;
};

}  // namespace turnpike
