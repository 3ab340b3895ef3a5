#include "base/worker_pool.h"

namespace turnpike {

WorkerPool::WorkerPool(Limits limits) : limits_(limits) {
  for (int i = 0; i < limits_.threads; ++i) {
    threads_.emplace_back([this] { Work(); });
  }
}

WorkerPool::~WorkerPool() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

bool WorkerPool::TryRun(std::function<void()> task) {
  MutexLock lock(mutex_);
  if (waiting_.size() >= limits_.waiting_max) {
    return false;
  }
  waiting_.push_back(std::move(task));
  changed_.NotifyOne();
  return true;
}

void WorkerPool::Run(std::function<void()> task) {
  MutexLock lock(mutex_);
  waiting_.push_back(std::move(task));
  changed_.NotifyOne();
}

size_t WorkerPool::waiting() {
  MutexLock lock(mutex_);
  return waiting_.size();
}

void WorkerPool::Work() {
  while (true) {
    std::function<void()> task;
    {
      MutexLock lock(mutex_);
      while (waiting_.empty() && !stopping_) {
        changed_.Wait(mutex_);
      }
      if (waiting_.empty()) {
        return;
      }
      task = std::move(waiting_.front());
      waiting_.pop_front();
    }
    task();
  }
}

}  // namespace turnpike
