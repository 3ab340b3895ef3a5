#pragma once
// The one thread that owns the AgentRound: runs what others post to it, advances at once after, and looks at the
// scheduler at every poll interval.  Post, Call and WakeUp may be called from any thread; Run blocks its caller until
// stopped.

#include <chrono>
#include <deque>
#include <functional>

#include "adapters/host/agent_round.h"
#include "base/mutex.h"
#include "base/status.h"

namespace turnpike {

class AgentLoop {
 public:
  struct Options {
    std::chrono::milliseconds poll_interval{10'000};
    std::chrono::milliseconds look_gap_min{1'000};  // between two looks, also where one is wanted soon
    size_t posted_max = 10'000;                     // more are refused
    // On the loop's thread: how long a look took, and how it ended.  May be empty.
    std::function<void(std::chrono::steady_clock::duration, const Status&)> after_each_look = {};
    std::function<void()> after_each_step;  // on the loop's thread, after reports may have been added; may be empty
  };
  AgentLoop(AgentRound& round, Options options) : round_(round), options_(std::move(options)) {}

  using Task = std::function<Status(AgentRound&)>;
  // Runs `task` on the loop's thread soon.  RESOURCE_EXHAUSTED: too much is waiting.  An error of the task is logged,
  // DATA_LOSS ends Run.
  Status Post(Task task) EXCLUDES(mutex_);
  // Runs `task` on the loop's thread and waits for its answer; UNAVAILABLE when the loop has ended.
  Status Call(Task task) EXCLUDES(mutex_);
  // Until Stop; returns early with DATA_LOSS when the journal is gone.
  Status Run() EXCLUDES(mutex_);
  void Stop() EXCLUDES(mutex_);

 private:
  bool WaitForWork(std::chrono::steady_clock::time_point until, std::deque<Task>& tasks) EXCLUDES(mutex_);
  Status RunTasks(std::deque<Task> tasks);
  Status Step(std::deque<Task> tasks);
  std::chrono::steady_clock::time_point NextLook() const;

  AgentRound& round_;
  const Options options_;
  std::chrono::steady_clock::time_point last_look_{};  // of the loop's thread alone
  Mutex mutex_;
  CondVar changed_;
  std::deque<Task> posted_ GUARDED_BY(mutex_);
  bool stopped_ GUARDED_BY(mutex_) = false;
  bool ended_ GUARDED_BY(mutex_) = false;
};

}  // namespace turnpike
