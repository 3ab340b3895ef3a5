#pragma once
// Whether the books are sound: transfers replayed to what the accounts say, holds to what they hold, charges to their
// holds and attempts.  Pure: the rows of one moment go in one by one, findings come out; keeps an entry for each
// account and nothing for the rest.  Not shared by threads.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/money.h"

namespace turnpike {

struct AuditedAccount {
  AccountId account_id;
  std::string unit;
  std::optional<int64_t> balance_micros;  // absent: kept nowhere but in the transfers
  std::optional<int64_t> through_xid;     // set: the balance holds the transfers with a smaller xid only
  int64_t held_micros = 0;
};

struct AuditedTransfer {
  TransferId transfer_id;
  AccountId debit_account;
  AccountId credit_account;
  std::string unit;
  int64_t amount_micros = 0;
  int64_t xid = 0;
};

// A job's hold, and what its transfers say.
struct AuditedHold {
  JobId job_id;
  bool job_is_there = true;  // else an orphan
  bool job_is_live = false;
  bool job_is_over = false;
  bool charge_is_due = false;           // of an attempt that has ended
  std::optional<AccountId> account_id;  // absent: the job, or money that moved for it, has no hold
  std::string unit;
  int64_t reserved_micros = 0;
  int64_t charged_micros = 0;
  int64_t released_micros = 0;
  int64_t refunded_micros = 0;
  int64_t charges_micros = 0;  // by transfers
  int64_t refunds_micros = 0;
};

// An attempt that money moved for.
struct AuditedAttempt {
  AttemptId attempt_id;
  bool charged = false;   // it has ended, and its charge is marked as made
  int64_t charges = 0;    // transfers
  int64_t receivers = 0;  // accounts that they went to
  int64_t refunds = 0;    // transfers
  int64_t refunders = 0;  // accounts that they came from
};

struct AuditCheck {
  std::string_view claim;  // "open holds add up to what accounts hold"
  std::string_view rows;   // "accounts"
  int64_t checked = 0;
  int64_t wrong = 0;
  std::vector<std::string> offenders;  // the first kOffendersMax: id, and what is wrong
};

class BookAudit {
 public:
  static constexpr size_t kOffendersMax = 10;  // of one check

  BookAudit();

  // All accounts before anything else.
  void Take(const AuditedAccount& account);
  void Take(const AuditedTransfer& transfer);
  void Take(const AuditedHold& hold);
  void Take(const AuditedAttempt& attempt);

  // After the last row; once.
  std::vector<AuditCheck> Finish();

 private:
  struct Book {
    AuditedAccount account;
    Int128 balance = 0;  // by transfers
    Int128 held = 0;     // by holds
  };
  enum Check { kBalances, kUnits, kHeld, kJobs, kOpen, kCharges, kAttempts, kChecks };

  Book* Find(AccountId account_id);
  void Judge(Check check, std::string id, std::string_view wrong);  // `wrong` empty: sound

  std::map<AccountId, Book> books_;
  std::vector<AuditCheck> checks_;
};

bool IsSound(const std::vector<AuditCheck>& checks);
// One line a check, and below it a line for each offender.
std::string FormatAudit(const std::vector<AuditCheck>& checks);

}  // namespace turnpike
