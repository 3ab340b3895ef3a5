#pragma once
// A budget that refills with time, up to a burst.  Whoever cannot know a cost beforehand charges it afterwards: the
// budget may go below nothing, and the next ones wait until it is out of debt.  Kept as the moment at which it will be
// full again, in whole nanoseconds, so that a wait is never found too short.  Pure; not shared by threads.

#include <chrono>
#include <optional>

#include "base/time.h"

namespace turnpike {

class TokenBucket {
 public:
  struct Rate {
    double per_second = 0;  // 0: no limit
    double burst = 1;       // at least 1
  };
  explicit TokenBucket(Rate rate);

  // Takes one; else how long until there is one, at least a millisecond.
  std::optional<std::chrono::milliseconds> TryTake(MonotonicTime now);
  // How long until there is one; nullopt: there is.
  std::optional<std::chrono::milliseconds> Wait(MonotonicTime now) const;
  // Takes `cost`, whatever is there.
  void Charge(int64_t cost, MonotonicTime now);
  // Nothing is owed to it: a new one would be the same.
  bool IsFull(MonotonicTime now) const { return full_at_ <= now; }

 private:
  using Nanoseconds = std::chrono::nanoseconds;

  Nanoseconds token_time_;  // in which one comes back; 0: no limit
  Nanoseconds debt_max_;    // how far from full it may be and still hold one
  MonotonicTime full_at_{};
};

}  // namespace turnpike
