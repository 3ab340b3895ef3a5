#pragma once
// Tells every loop of a process to end.  Loops never sleep: they wait here, with a deadline.  Thread-safe.

#include <chrono>
#include <optional>

#include "base/mutex.h"

namespace turnpike {

class StopSignal {
 public:
  void Stop() EXCLUDES(mutex_);
  bool stopped() const EXCLUDES(mutex_);
  // Waits until stopped or until the time has passed; true when stopped.
  bool WaitFor(std::chrono::steady_clock::duration time) EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  bool stopped_ GUARDED_BY(mutex_) = false;
};

// Blocks SIGINT and SIGTERM in this thread and in all that it starts; call first thing in main, before any thread
// exists.
void BlockTerminationSignals();
// Waits for one of them and returns its number.
int WaitForTerminationSignal();
// Likewise, for at most `time`.
std::optional<int> WaitForTerminationSignal(std::chrono::milliseconds time);

}  // namespace turnpike
