#include "broker/core/token_bucket.h"

#include <algorithm>

namespace turnpike {
namespace {

constexpr std::chrono::hours kWaitMax{1};  // nobody is told to wait longer

std::chrono::nanoseconds TimeOf(double tokens, double per_second) {
  const std::chrono::duration<double> seconds(per_second > 0 ? tokens / per_second : 0);
  return std::chrono::round<std::chrono::nanoseconds>(seconds);
}

}  // namespace

TokenBucket::TokenBucket(Rate rate)
    : token_time_(TimeOf(1, rate.per_second)), debt_max_(TimeOf(rate.burst - 1, rate.per_second)) {}

std::optional<std::chrono::milliseconds> TokenBucket::TryTake(MonotonicTime now) {
  const std::optional<std::chrono::milliseconds> wait = Wait(now);
  if (!wait) {
    Charge(1, now);
  }
  return wait;
}

std::optional<std::chrono::milliseconds> TokenBucket::Wait(MonotonicTime now) const {
  if (token_time_ == Nanoseconds(0)) {
    return std::nullopt;  // No limit, also for who read the clock before the last one did.
  }
  const Nanoseconds wait = full_at_ - now - debt_max_;
  if (full_at_ <= now || wait <= Nanoseconds(0)) {
    return std::nullopt;
  }
  return std::chrono::ceil<std::chrono::milliseconds>(std::min<Nanoseconds>(wait, kWaitMax));
}

void TokenBucket::Charge(int64_t cost, MonotonicTime now) {
  full_at_ = std::max(full_at_, now) + cost * token_time_;
}

}  // namespace turnpike
