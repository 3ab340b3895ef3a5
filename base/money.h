#pragma once
// Money: whole micro-units of one unit, an ISO 4217 currency or a commodity such as "core-hour@alpha".  Never a
// floating number.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace turnpike {

constexpr int64_t kMicrosPerUnit = 1'000'000;

struct Money {
  int64_t micros = 0;  // millionths of the unit
  std::string unit;    // "EUR", "core-hour@alpha"; entries balance per unit

  friend bool operator==(const Money&, const Money&) = default;
};

// OUT_OF_RANGE instead of wrapping round; FAILED_PRECONDITION where the units differ.
Result<Money> Add(const Money& left, const Money& right);
Result<Money> Subtract(const Money& left, const Money& right);

// "12.34 EUR": at least two decimals, at most six, nothing lost.
std::string FormatMoney(const Money& money);
// The decimal alone, for JSON: "12.34".
std::string FormatMicros(int64_t micros);
// "12.34" or "-0.000001" -> micros; INVALID_ARGUMENT for anything else, more than six decimals, or overflow.
Result<int64_t> ParseMicros(std::string_view decimal);

// Wide enough for a product of two int64_t.  A GNU type: spelled here once, since -Wpedantic refuses the bare name.
__extension__ typedef __int128 Int128;

// The one rounding rule of the project: to the nearest, ties to the even neighbour.  The divisor is positive.
Int128 DivideHalfEven(Int128 dividend, int64_t divisor);

// 1 to 40 characters of [A-Za-z0-9@._-], starting with a letter.
Status ValidateUnit(std::string_view unit);

}  // namespace turnpike
