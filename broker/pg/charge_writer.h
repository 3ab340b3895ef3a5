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

// One ended attempt to charge, or to correct the charge of.
struct ChargeOrder {
  AttemptStanding standing;  // after its end
  SiteId site_id;
  std::string share;
  AttemptEndKind end_kind = AttemptEndKind::kRan;
  std::optional<UsageFigures> usage;          // absent: nothing to charge for, or settled from start to end
  bool release_rest = true;                   // the job is over, and nothing else of it is to be charged
  std::optional<int64_t> provisional_micros;  // set: charged already, provisionally; `usage` is the scheduler's own
  std::optional<Timestamp> known_at;          // when we knew that it was over; absent: in this transaction
  bool failed = false;                        // set by ChargeWriter: it could not be charged, and was left out
};

class ChargeWriter {
 public:
  ChargeWriter(Transaction& tx, IdSource& ids) : tx_(tx), ledger_(tx, ids) {}

  // First of all locks but the request keys.
  Status Lock(const std::vector<ProjectId>& projects, const std::vector<JobId>& jobs);
  // Writes all charges and corrections, and sets `job.money` of each standing to what is true afterwards.  An order
  // that cannot be charged (its price does not fit, its job has no hold) is logged, marked as failed and left out: a
  // later try may go well, and the others must not wait for it.
  Status Charge(std::vector<ChargeOrder>& orders);

 private:
  Status LoadRates(const std::vector<ChargeOrder>& orders);
  Status ChargeOne(ChargeOrder& order);
  // Too much was charged: it goes back.  Too little: it stays so.
  Status CorrectOne(ChargeOrder& order);
  Result<LockedHold*> HoldOf(const ChargeOrder& order);
  std::chrono::seconds WallOf(const ChargeOrder& order) const;
  // Where the scheduler said nothing: all that was allocated, from start to end.
  Result<ResourceSeconds> UsageOf(const ChargeOrder& order) const;
  Result<SettleRequest> RequestFor(const ChargeOrder& order);

  Transaction& tx_;
  LedgerWriter ledger_;
  std::map<JobId, LockedHold> holds_;
  std::map<std::pair<SiteId, int64_t>, PriceBook> books_;
  std::vector<HoldChange> changes_;
  std::vector<SettledUse> uses_;
};

}  // namespace turnpike
