#pragma once
// A site's stream that only counts what it is told.  Thread-safe.

#include "base/mutex.h"
#include "broker/live/site_sessions.h"

namespace turnpike {

class FakeSession final : public SiteSession {
 public:
  void Wake(const std::vector<AttemptId>& attempts) override EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    woken_.insert(woken_.end(), attempts.begin(), attempts.end());
  }
  void Replace() override EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    replaced_ = true;
  }
  void ShutOut() override EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    shut_out_ = true;
    changed_.NotifyAll();
  }

  std::vector<AttemptId> woken() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return woken_;
  }
  bool replaced() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return replaced_;
  }
  bool shut_out() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return shut_out_;
  }
  // False: it was not told in time.
  bool WaitUntilShutOut(std::chrono::seconds time) EXCLUDES(mutex_) {
    const auto until = std::chrono::steady_clock::now() + time;
    MutexLock lock(mutex_);
    while (!shut_out_ && changed_.WaitUntil(mutex_, until)) {
    }
    return shut_out_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<AttemptId> woken_ GUARDED_BY(mutex_);
  bool replaced_ GUARDED_BY(mutex_) = false;
  bool shut_out_ GUARDED_BY(mutex_) = false;
};

}  // namespace turnpike
