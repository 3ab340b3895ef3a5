#pragma once
// A few threads that run what is handed to them, in order of arrival, from a bounded queue.  Blocking work (the
// database) goes here, so that it never holds up the threads of the RPC library.  Thread-safe.

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace turnpike {

class WorkerPool {
 public:
  struct Limits {
    int threads = 4;
    size_t waiting_max = 1'000;
  };
  explicit WorkerPool(Limits limits);
  // Runs what is queued, then ends.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False: the queue is full, and nothing was taken; say so to the caller at once.
  bool TryRun(std::function<void()> task) EXCLUDES(mutex_);
  // For work that was accepted already and only goes on: never refused.
  void Run(std::function<void()> task) EXCLUDES(mutex_);
  size_t waiting() EXCLUDES(mutex_);

 private:
  void Work() EXCLUDES(mutex_);

  const Limits limits_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> waiting_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace turnpike
