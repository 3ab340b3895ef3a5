#pragma once
// A share at which jobs fail in a row by the site's fault is left alone for a while, then tried with one job at a time
// until one ends well.  A standing begins with the first failure and is forgotten with the first good end.  Pure.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace turnpike {

constexpr int32_t kBreakerFailures = 5;  // in a row
constexpr std::chrono::seconds kBreakerMin{60};
constexpr std::chrono::seconds kBreakerMax{3'600};
// A job that has run so long at a share under trial is no proof of it, but makes way for another one.
constexpr std::chrono::seconds kBreakerTrial{600};
constexpr size_t kFailureTextMax = 200;

struct BreakerStanding {
  int32_t failures = 0;                 // in a row
  std::optional<Timestamp> open_until;  // absent: too few failures so far
  std::chrono::seconds length{0};       // of the last opening, from which the next one grows
  std::string last_failure;             // in the site's words
  Timestamp failed_at{};
  friend bool operator==(const BreakerStanding&, const BreakerStanding&) = default;
};

enum class BreakerState { kClosed, kOpen, kHalfOpen };
BreakerState StateOf(const std::optional<BreakerStanding>& breaker, Timestamp now);

// While it is open, the failures of jobs that were there already count, but do not make it longer.  A failure under
// trial opens it again for twice as long.
BreakerStanding AfterFailure(const std::optional<BreakerStanding>& last, std::string failure, Timestamp now);

// The broker's own attempts at the share: while one of them has told nothing of it yet, no other one is sent.
struct AttemptsAtShare {
  int32_t unstarted = 0;
  std::optional<Timestamp> last_start;
};
bool IsOnTrial(const AttemptsAtShare& attempts, const BreakerStanding& breaker, Timestamp now);

}  // namespace turnpike
