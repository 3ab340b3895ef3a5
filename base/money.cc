#include "base/money.h"

#include <algorithm>

#include "base/check.h"

namespace turnpike {
namespace {

constexpr size_t kDecimalsMin = 2;
constexpr size_t kDecimalsMax = 6;
constexpr size_t kUnitLengthMax = 40;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsLetter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
bool IsUnitCharacter(char c) {
  return IsDigit(c) || IsLetter(c) || c == '@' || c == '.' || c == '_' || c == '-';
}

Status CheckSameUnit(const Money& left, const Money& right) {
  if (left.unit != right.unit) {
    return FailedPrecondition("{} and {} are different units", left.unit, right.unit);
  }
  return OkStatus();
}

// "12.34" -> whole "12", decimals "34"; false where it is no plain decimal.
bool SplitDecimal(std::string_view text, std::string_view& whole, std::string_view& decimals) {
  const size_t dot = text.find('.');
  whole = text.substr(0, dot);
  decimals = dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1);
  const bool has_decimals = dot == std::string_view::npos || (!decimals.empty() && decimals.size() <= kDecimalsMax);
  return !whole.empty() && has_decimals && std::ranges::all_of(whole, IsDigit) &&
         std::ranges::all_of(decimals, IsDigit);
}

}  // namespace

Result<Money> Add(const Money& left, const Money& right) {
  RETURN_IF_ERROR(CheckSameUnit(left, right));
  Money sum{.micros = 0, .unit = left.unit};
  if (__builtin_add_overflow(left.micros, right.micros, &sum.micros)) {
    return OutOfRange("{} plus {} is more than an amount can hold", FormatMoney(left), FormatMoney(right));
  }
  return sum;
}

Result<Money> Subtract(const Money& left, const Money& right) {
  RETURN_IF_ERROR(CheckSameUnit(left, right));
  Money difference{.micros = 0, .unit = left.unit};
  if (__builtin_sub_overflow(left.micros, right.micros, &difference.micros)) {
    return OutOfRange("{} minus {} is more than an amount can hold", FormatMoney(left), FormatMoney(right));
  }
  return difference;
}

std::string FormatMoney(const Money& money) {
  return fmt::format("{} {}", FormatMicros(money.micros), money.unit);
}

std::string FormatMicros(int64_t micros) {
  // Unsigned, because the lowest number has no positive counterpart.
  const uint64_t magnitude = micros < 0 ? 0 - static_cast<uint64_t>(micros) : static_cast<uint64_t>(micros);
  std::string decimals = fmt::format("{:06}", magnitude % kMicrosPerUnit);
  while (decimals.size() > kDecimalsMin && decimals.back() == '0') {
    decimals.pop_back();
  }
  return fmt::format("{}{}.{}", micros < 0 ? "-" : "", magnitude / kMicrosPerUnit, decimals);
}

Result<int64_t> ParseMicros(std::string_view decimal) {
  const bool negative = decimal.starts_with('-');
  std::string_view whole;
  std::string_view decimals;
  if (!SplitDecimal(decimal.substr(negative ? 1 : 0), whole, decimals)) {
    return InvalidArgument("\"{}\" is not a decimal number with at most {} decimals", decimal, kDecimalsMax);
  }
  std::string digits(whole);
  digits.append(decimals).append(kDecimalsMax - decimals.size(), '0');
  int64_t micros = 0;
  for (const char digit : digits) {
    // Counts downwards for negative numbers, so that the lowest one is reached too.
    const int64_t step = negative ? '0' - digit : digit - '0';
    if (__builtin_mul_overflow(micros, 10, &micros) || __builtin_add_overflow(micros, step, &micros)) {
      return InvalidArgument("\"{}\" is more than an amount can hold", decimal);
    }
  }
  return micros;
}

Int128 DivideHalfEven(Int128 dividend, int64_t divisor) {
  CHECK(divisor > 0);
  const Int128 quotient = dividend / divisor;
  const Int128 remainder = dividend % divisor;
  const Int128 twice = 2 * (remainder < 0 ? -remainder : remainder);
  const bool away_from_zero = twice > divisor || (twice == divisor && quotient % 2 != 0);
  if (!away_from_zero) {
    return quotient;
  }
  return dividend < 0 ? quotient - 1 : quotient + 1;
}

Status ValidateUnit(std::string_view unit) {
  if (unit.empty() || unit.size() > kUnitLengthMax || !IsLetter(unit.front()) ||
      !std::ranges::all_of(unit, IsUnitCharacter)) {
    return InvalidArgument("unit \"{}\" is not 1 to {} characters of [A-Za-z0-9@._-] starting with a letter", unit,
                           kUnitLengthMax);
  }
  return OkStatus();
}

}  // namespace turnpike
