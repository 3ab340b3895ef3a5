#include "base/pg/database_clock.h"

#include <chrono>

namespace turnpike {
namespace {

// How fast two machines' clocks may drift apart: 200 millionths, well above what quartz does.
constexpr int64_t kDriftPerMillion = 200;

Duration Micros(std::chrono::steady_clock::duration time) {
  return std::chrono::duration_cast<Duration>(time);
}

}  // namespace

Timestamp DatabaseClock::Now() const {
  const MonotonicTime now = Monotonic();
  const MutexLock lock(mutex_);
  return reading_ ? TimeAt(*reading_, now) : machine_.Now();
}

// Takes what is more exact than the present reading has become, and what contradicts it: then the database's clock was
// set, or the database is another machine.
void DatabaseClock::Add(const Sample& sample) {
  const auto half = (sample.answered - sample.asked) / 2;
  const Reading reading{.at = sample.at, .when = sample.asked + half, .error_max = Micros(half)};
  const MutexLock lock(mutex_);
  if (reading_) {
    const Duration error_now = ErrorAt(*reading_, sample.answered);
    const Duration distance = TimeAt(*reading_, reading.when) - reading.at;
    const bool contradicts = std::chrono::abs(distance) > error_now + reading.error_max;
    if (!contradicts && ErrorAt(reading, sample.answered) > error_now) {
      return;
    }
  }
  reading_ = reading;
}

Duration DatabaseClock::ErrorAt(const Reading& reading, MonotonicTime now) {
  return reading.error_max + Micros(now - reading.when) * kDriftPerMillion / 1'000'000;
}

Timestamp DatabaseClock::TimeAt(const Reading& reading, MonotonicTime now) {
  return reading.at + Micros(now - reading.when);
}

}  // namespace turnpike
