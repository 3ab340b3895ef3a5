#pragma once
// How long to wait before the next try: longer each time, up to a limit, and never the same for many agents at once.
// Not shared by threads.

#include <chrono>

#include "base/random.h"

namespace turnpike {

class ReconnectDelay {
 public:
  struct Range {
    std::chrono::milliseconds first{1'000};
    std::chrono::milliseconds max{60'000};
  };
  ReconnectDelay(const Range& range, RandomSource& random) : range_(range), random_(random), next_(range.first) {}

  // Half of the current step and a random part of the other half; the step doubles.
  std::chrono::milliseconds Next();
  // The last try came through.
  void Reset() { next_ = range_.first; }

 private:
  const Range range_;
  RandomSource& random_;
  std::chrono::milliseconds next_;
};

// 0 … below - 1; `below` is at least 1.
uint64_t RandomBelow(RandomSource& random, uint64_t below);

}  // namespace turnpike
