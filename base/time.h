#pragma once
// Moments and durations.  A Timestamp is UTC microseconds since 1970, which is what the database keeps; text is RFC
// 3339.

#include <chrono>
#include <cstdint>
#include <string>

namespace turnpike {

using Duration = std::chrono::microseconds;
using Timestamp = std::chrono::sys_time<Duration>;
using MonotonicTime = std::chrono::steady_clock::time_point;

constexpr Timestamp TimestampFromMicros(int64_t micros) {
  return Timestamp(Duration(micros));
}
constexpr int64_t MicrosOf(Timestamp at) {
  return at.time_since_epoch().count();
}
constexpr Timestamp TimestampFromSeconds(int64_t seconds) {
  return Timestamp(std::chrono::seconds(seconds));
}

// "2026-11-22T00:11:22.123456Z".
std::string FormatTimestamp(Timestamp at);

// Passed in wherever time matters, so that tests decide what time it is.  Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp Now() const = 0;            // civil time: records, expiries
  virtual MonotonicTime Monotonic() const = 0;  // leases, deadlines: never jumps
};

}  // namespace turnpike
