#pragma once
// Charges ended attempts, inside the transaction that ends them or later: usage record, transfer, hold.  Made for one
// transaction. The accounts and holds are locked first (LedgerWriter); the rule itself is billing/core/settle.h.

#include <map>
#include <optional>
#include <vector>

#include "billing/core/price_book.h"
#include "billing/core/settle.h"
#include "billing/pg/ledger_writer.h"
#include "broker/core/report_rules.h"

namespace turnpike {

// One ended attempt to charge.
struct ChargeOrder {
  AttemptStanding standing;  // after its end
  SiteId site_id;
  std::string share;
  AttemptEndKind end_kind = AttemptEndKind::kRan;
  std::optional<UsageFigures> usage;  // absent: nothing to charge for, or settled from start to end
  bool job_over = true;
};

class ChargeWriter {
 public:
  ChargeWriter(Transaction& tx, IdSource& ids) : tx_(tx), ledger_(tx, ids) {}

  // First of all locks but the request keys.
  Status Lock(const std::vector<ProjectId>& projects, const std::vector<JobId>& jobs);
  // Writes all charges and sets `job.money` of each standing to what is true afterwards.
  Status Charge(std::vector<ChargeOrder>& orders);
  // Gives back what is left of holds of jobs that never ran.
  const std::map<JobId, LockedHold>& holds() const { return holds_; }

 private:
  Status LoadRates(const std::vector<ChargeOrder>& orders);
  Status ChargeOne(ChargeOrder& order);

  Transaction& tx_;
  LedgerWriter ledger_;
  std::map<JobId, LockedHold> holds_;
  std::map<std::pair<SiteId, int64_t>, PriceBook> books_;
  std::vector<HoldChange> changes_;
  std::vector<SettledUse> uses_;
};

}  // namespace turnpike
