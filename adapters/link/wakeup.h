#pragma once
// Wakes one waiting thread whenever anything that it looks after may have changed.  A call that comes while nobody
// waits is not lost.  Notify may be called from any thread.

#include <chrono>
#include <utility>

#include "base/mutex.h"

namespace turnpike {

class Wakeup {
 public:
  void Notify() EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    called_ = true;
    changed_.NotifyAll();
  }
  // Until called, or until then.
  void WaitUntil(std::chrono::steady_clock::time_point until) EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    while (!called_ && changed_.WaitUntil(mutex_, until)) {
    }
    called_ = false;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool called_ GUARDED_BY(mutex_) = false;
};

}  // namespace turnpike
