#include "billing/core/transfer.h"

namespace turnpike {

Result<Transfer> Transfer::Make(const TransferLegs& legs, const Money& amount) {
  if (amount.micros <= 0) {
    return InvalidArgument("a transfer moves more than nothing, not {}", FormatMoney(amount));
  }
  if (legs.debit.id.is_nil() || legs.credit.id.is_nil()) {
    return InvalidArgument("a transfer of {} names two accounts", FormatMoney(amount));
  }
  if (legs.debit.id == legs.credit.id) {
    return InvalidArgument("a transfer of {} from account {} to itself moves nothing", FormatMoney(amount),
                           legs.debit.id.ToString());
  }
  for (const AccountRef* account : {&legs.debit, &legs.credit}) {
    if (account->unit != amount.unit) {
      return FailedPrecondition("account {} is kept in {} and cannot take {}", account->id.ToString(), account->unit,
                                FormatMoney(amount));
    }
  }
  return Transfer(legs, amount);
}

}  // namespace turnpike
