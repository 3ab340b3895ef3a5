#pragma once
// std::mutex with clang's capability annotations, so that a build with clang proves which lock guards what.  (Debian's
// abseil Mutex reports races that are not there under ThreadSanitizer.)

#include <absl/base/thread_annotations.h>  // has two macros of the same names and the same meaning; ours are used either way

#include <condition_variable>
#include <mutex>

#undef GUARDED_BY
#undef NO_THREAD_SAFETY_ANALYSIS
#if defined(__clang__)
#define TURNPIKE_ANNOTATION(x) __attribute__((x))
#else
#define TURNPIKE_ANNOTATION(x)
#endif
#define CAPABILITY(x) TURNPIKE_ANNOTATION(capability(x))
#define SCOPED_CAPABILITY TURNPIKE_ANNOTATION(scoped_lockable)
#define GUARDED_BY(x) TURNPIKE_ANNOTATION(guarded_by(x))
#define REQUIRES(...) TURNPIKE_ANNOTATION(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) TURNPIKE_ANNOTATION(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) TURNPIKE_ANNOTATION(acquire_capability(__VA_ARGS__))
#define RELEASE(...) TURNPIKE_ANNOTATION(release_capability(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS TURNPIKE_ANNOTATION(no_thread_safety_analysis)

namespace turnpike {

class CAPABILITY("mutex") Mutex {
 public:
  void Lock() ACQUIRE() { mutex_.lock(); }
  void Unlock() RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() RELEASE() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits in a loop over the condition, as always: while (!ready_) changed_.Wait(mutex_);
class CondVar {
 public:
  void Wait(Mutex& mutex) REQUIRES(mutex) NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // False: the time had come and nobody had called.
  bool WaitUntil(Mutex& mutex, std::chrono::steady_clock::time_point until) REQUIRES(mutex) NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool called = condition_.wait_until(lock, until) == std::cv_status::no_timeout;
    lock.release();
    return called;
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace turnpike
