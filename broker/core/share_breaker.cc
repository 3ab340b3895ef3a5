#include "broker/core/share_breaker.h"

#include <algorithm>
#include <utility>

namespace turnpike {

namespace {

// Cuts between characters, never inside one.
std::string Shortened(std::string text) {
  if (text.size() > kFailureTextMax) {
    size_t end = kFailureTextMax;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
      --end;
    }
    text.resize(end);
  }
  return text;
}

}  // namespace

BreakerState StateOf(const std::optional<BreakerStanding>& breaker, Timestamp now) {
  if (!breaker || !breaker->open_until) {
    return BreakerState::kClosed;
  }
  return now < *breaker->open_until ? BreakerState::kOpen : BreakerState::kHalfOpen;
}

BreakerStanding AfterFailure(const std::optional<BreakerStanding>& last, std::string failure, Timestamp now) {
  BreakerStanding after = last.value_or(BreakerStanding{});
  ++after.failures;
  after.failed_at = now;
  after.last_failure = Shortened(std::move(failure));
  const BreakerState state = StateOf(last, now);
  if (state == BreakerState::kOpen || (state == BreakerState::kClosed && after.failures < kBreakerFailures)) {
    return after;
  }
  after.length = std::clamp(after.length * 2, kBreakerMin, kBreakerMax);
  after.open_until = now + after.length;
  return after;
}

bool IsOnTrial(const AttemptsAtShare& attempts, const BreakerStanding& breaker, Timestamp now) {
  const std::optional<Timestamp>& start = attempts.last_start;
  const bool fresh = start && breaker.open_until && *start >= *breaker.open_until && now - *start < kBreakerTrial;
  return attempts.unstarted > 0 || fresh;
}

}  // namespace turnpike
