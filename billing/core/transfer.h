#pragma once
// Money moved from one account to another: two legs of one amount, so the ledger sums to zero by construction.  One
// that would not (no amount, one account, another unit) cannot be built.

#include <string>

#include "base/ids.h"
#include "base/money.h"
#include "base/status.h"

namespace turnpike {

// An account and the unit it is kept in.
struct AccountRef {
  AccountId id;
  std::string unit;
  friend bool operator==(const AccountRef&, const AccountRef&) = default;
};

struct TransferLegs {
  AccountRef debit;   // money leaves it
  AccountRef credit;  // money reaches it
};

class Transfer {
 public:
  // INVALID_ARGUMENT: amount not above zero, a nil account, the same account twice.  FAILED_PRECONDITION: units differ.
  static Result<Transfer> Make(const TransferLegs& legs, const Money& amount);

  AccountId debit_account_id() const { return debit_; }
  AccountId credit_account_id() const { return credit_; }
  const Money& amount() const { return amount_; }

 private:
  Transfer(const TransferLegs& legs, const Money& amount)
      : debit_(legs.debit.id), credit_(legs.credit.id), amount_(amount) {}

  AccountId debit_;
  AccountId credit_;
  Money amount_;
};

}  // namespace turnpike
