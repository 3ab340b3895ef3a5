#pragma once
// What an attempt's end costs.  Pure: the caller moves the money in one transaction.
//
// Who pays, by how the attempt ended:
//   kRan                  its use, at most what is left of the hold; the user's own failures are paid for
//   kNeverStarted         nothing; a record that speaks of use all the same is disputed
//   kInterruptedBySite    nothing: the fault is the site's (a node failed, the job was preempted), the use is only
//   recorded
// The rest of the hold goes back when the job is over, and stays for the next attempt when it is not.
//
// A usage record is believed within what can be true: no amount below zero, none above what was allocated over the time
// from start to end (with a tolerance), and that time at most as long as our own clock saw from the offer until the end
// was known.  What is beyond is cut off and the settlement is marked disputed,
// for a person to look at.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/money.h"
#include "base/resources.h"
#include "base/status.h"
#include "billing/core/funds_hold.h"
#include "billing/core/price_book.h"
#include "billing/core/transfer.h"

namespace turnpike {

enum class AttemptEndKind { kRan, kNeverStarted, kInterruptedBySite };

// The most that a record may say without a dispute.
struct UsageBound {
  ResourceAmounts allocated;           // by the share's allocation rule
  std::chrono::seconds wall{0};        // from start to end as the site tells, within the time that our own clock saw
  std::chrono::seconds tolerance{60};  // clocks and rounding
};

// A record cut down to the bound.  Only what costs something is disputed.
struct UsageCheck {
  ResourceSeconds believed;
  std::string dispute;  // what was wrong, for a person; empty: nothing
};
UsageCheck CheckUsage(const ResourceSeconds& reported, const UsageBound& bound, const RateSet& rates);

struct SettleRequest {
  AttemptEndKind end_kind = AttemptEndKind::kRan;
  ResourceSeconds usage;  // as reported; zero when never started
  UsageBound bound;
  RateSet rates;             // of the price book version that the job was quoted
  bool job_over = true;      // false: another attempt follows, the rest stays held
  bool provisional = false;  // the usage is the wrapper's own, the scheduler's may still come
};

struct Settlement {
  int64_t charge_micros = 0;   // to the site
  int64_t release_micros = 0;  // back to the project
  int64_t price_micros =
      0;  // what the believed use costs: more than the charge where the hold did not reach or a refund applies
  FundsHold hold_after;    // what the hold is then
  ResourceSeconds billed;  // the use that was believed
  std::string formula;     // how the price came about
  std::string dispute;     // empty: none
  bool provisional = false;
  bool disputed() const { return !dispute.empty(); }
};

// FAILED_PRECONDITION: the hold is kept in another unit than the rates.  OUT_OF_RANGE: the price does not fit.
Result<Settlement> Settle(const FundsHold& hold, const SettleRequest& request);

// Where the charge goes.
struct SettlementAccounts {
  AccountRef project;
  AccountRef site;
  AccountRef federation;           // unused while the fee is zero
  int64_t federation_fee_ppm = 0;  // millionths of the charge, 0 to 1'000'000
};
// One transfer to the site and one to the federation, without those of nothing; they sum to the charge.
Result<std::vector<Transfer>> TransfersFor(const Settlement& settlement, const SettlementAccounts& accounts);

// The scheduler's own record came after a provisional charge.
struct Correction {
  int64_t refund_micros = 0;  // back to the project
  ResourceSeconds billed;     // the use that was believed
  std::string formula;
  std::string dispute;  // empty: none
};
// A record above what was charged takes nothing more: the hold is gone, and a settled job stays settled.
Result<Correction> RefundAfterProvisional(int64_t charged_micros, const SettleRequest& final_request);

}  // namespace turnpike
