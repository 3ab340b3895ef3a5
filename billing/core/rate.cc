#include "billing/core/rate.h"

#include <fmt/format.h>

#include <array>
#include <limits>

namespace turnpike {
namespace {

constexpr int64_t kSecondsPerHour = 3'600;
constexpr int64_t kMibPerGib = 1'024;
// Every product is brought to this one divisor, so that the sum is exact and is rounded once.
constexpr int64_t kDivisor = kSecondsPerHour * kMibPerGib;

struct Line {
  int64_t amount;  // resource-seconds, or MiB-seconds
  int64_t rate;    // micro-units per resource-hour
  int64_t factor;  // brings amount x rate to kDivisor
  PricedResource resource;
};

std::array<Line, 4> LinesOf(const ResourceSeconds& use, const RateSet& rates) {
  return {{{use.node_seconds, rates.node_hour_micros, kMibPerGib, PricedResource::kNodeHour},
           {use.core_seconds, rates.core_hour_micros, kMibPerGib, PricedResource::kCoreHour},
           {use.accelerator_seconds, rates.accelerator_hour_micros, kMibPerGib, PricedResource::kAcceleratorHour},
           {use.memory_mib_seconds, rates.memory_gib_hour_micros, 1, PricedResource::kMemoryGibHour}}};
}

// "2" or "1.5": hours of the resource, rounded to a millionth where they are no whole number.
std::string FormatHours(const Line& line) {
  const int64_t seconds_per_hour = kDivisor / line.factor;
  if (line.amount % seconds_per_hour == 0) {
    return fmt::format("{}", line.amount / seconds_per_hour);
  }
  const Int128 micros = DivideHalfEven(static_cast<Int128>(line.amount) * kMicrosPerUnit, seconds_per_hour);
  return micros > std::numeric_limits<int64_t>::max() ? fmt::format("{}", line.amount / seconds_per_hour)
                                                      : FormatMicros(static_cast<int64_t>(micros));
}

}  // namespace

Result<Money> PriceOf(const ResourceSeconds& use, const RateSet& rates) {
  Int128 sum = 0;
  for (const Line& line : LinesOf(use, rates)) {
    if (line.amount < 0 || line.rate < 0) {
      return InvalidArgument("{} {}-seconds at {} an hour cannot be priced: an amount and a rate are zero or more",
                             line.amount, PricedResourceName(line.resource), line.rate);
    }
    Int128 product = 0;
    if (__builtin_mul_overflow(static_cast<Int128>(line.amount) * line.rate, line.factor, &product) ||
        __builtin_add_overflow(sum, product, &sum)) {
      return OutOfRange("the price of {} is more than an amount can hold", PriceFormula(use, rates));
    }
  }
  const Int128 micros = DivideHalfEven(sum, kDivisor);
  if (micros > std::numeric_limits<int64_t>::max()) {
    return OutOfRange("the price of {} is more than an amount can hold", PriceFormula(use, rates));
  }
  return Money{.micros = static_cast<int64_t>(micros), .unit = rates.unit};
}

std::string PriceFormula(const ResourceSeconds& use, const RateSet& rates) {
  std::string text;
  for (const Line& line : LinesOf(use, rates)) {
    if (line.amount != 0 && line.rate != 0) {
      text += fmt::format("{}{} {}s x {}", text.empty() ? "" : " + ", FormatHours(line),
                          PricedResourceName(line.resource), FormatMicros(line.rate));
    }
  }
  return text.empty() ? "nothing is priced" : fmt::format("{} {}", text, rates.unit);
}

}  // namespace turnpike
