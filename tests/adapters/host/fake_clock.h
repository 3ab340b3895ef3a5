#pragma once
// Time that only the test moves.

#include "base/time.h"

namespace turnpike {

class FakeClock final : public Clock {
 public:
  Timestamp Now() const override { return TimestampFromSeconds(1'700'000'000) + passed_; }
  MonotonicTime Monotonic() const override { return MonotonicTime(std::chrono::seconds(1'000)) + passed_; }
  void Advance(std::chrono::microseconds time) { passed_ += time; }

 private:
  std::chrono::microseconds passed_{0};
};

}  // namespace turnpike
