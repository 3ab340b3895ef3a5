#pragma once
// The database's time without asking for it: every transaction tells its now(), and between two of them the steady
// clock runs on. Expiries are judged by SQL's own now(); this one is for what is shown and for what only needs to be
// close.  Thread-safe.

#include <optional>

#include "base/mutex.h"
#include "base/time.h"

namespace turnpike {

class DatabaseClock final : public Clock {
 public:
  explicit DatabaseClock(const Clock& machine) : machine_(machine) {}

  // The machine's time until the first sample.
  Timestamp Now() const override EXCLUDES(mutex_);
  MonotonicTime Monotonic() const override { return machine_.Monotonic(); }

  // The database said `at` somewhere between the two moments.
  struct Sample {
    Timestamp at;
    MonotonicTime asked;
    MonotonicTime answered;
  };
  void Add(const Sample& sample) EXCLUDES(mutex_);

 private:
  struct Reading {
    Timestamp at;
    MonotonicTime when;
    Duration error_max;
  };
  static Duration ErrorAt(const Reading& reading, MonotonicTime now);
  static Timestamp TimeAt(const Reading& reading, MonotonicTime now);

  const Clock& machine_;
  mutable Mutex mutex_;
  std::optional<Reading> reading_ GUARDED_BY(mutex_);
};

}  // namespace turnpike
