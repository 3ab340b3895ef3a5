#include "billing/core/funds_hold.h"

#include <algorithm>

#include "base/check.h"

namespace turnpike {

FundsHold::FundsHold(const Stored& stored)
    : unit_(stored.unit),
      reserved_(stored.reserved_micros),
      charged_(stored.charged_micros),
      released_(stored.released_micros) {}

Result<FundsHold> FundsHold::Reserve(const Money& amount) {
  if (amount.micros < 0) {
    return InvalidArgument("a hold of {} is less than nothing", FormatMoney(amount));
  }
  return FundsHold({.unit = amount.unit, .reserved_micros = amount.micros});
}

Result<FundsHold> FundsHold::Restore(const Stored& stored) {
  const bool negative = stored.reserved_micros < 0 || stored.charged_micros < 0 || stored.released_micros < 0;
  // Each side is at most `reserved` first, so the difference cannot wrap round.
  if (negative || stored.charged_micros > stored.reserved_micros ||
      stored.released_micros > stored.reserved_micros - stored.charged_micros) {
    return DataLoss("a stored hold of {} {} has {} charged and {} released, which is more than was reserved",
                    FormatMicros(stored.reserved_micros), stored.unit, FormatMicros(stored.charged_micros),
                    FormatMicros(stored.released_micros));
  }
  return FundsHold(stored);
}

int64_t FundsHold::Charge(int64_t micros) {
  CHECK(micros >= 0);
  const int64_t taken = std::min(micros, rest_micros());
  charged_ += taken;
  return taken;
}

int64_t FundsHold::Release(int64_t micros) {
  CHECK(micros >= 0);
  const int64_t given = std::min(micros, rest_micros());
  released_ += given;
  return given;
}

}  // namespace turnpike
