#include "adapters/host/agent_loop.h"

#include <memory>
#include <utility>

#include "base/log.h"

namespace turnpike {
namespace {

bool IsFatal(const Status& status) {
  return status.code() == StatusCode::kDataLoss;
}

// How a caller waits for its task: the last owner of the slot tells it, also when the task is never run.
struct Answer {
  Mutex mutex;
  CondVar changed;
  bool ready GUARDED_BY(mutex) = false;
  Status status GUARDED_BY(mutex) = Unavailable("the agent's loop has ended");
};

void Give(Answer& answer, const Status& status) {
  MutexLock lock(answer.mutex);
  answer.ready = true;
  answer.status = status;
  answer.changed.NotifyAll();
}

}  // namespace

Status AgentLoop::Post(Task task) {
  MutexLock lock(mutex_);
  if (ended_) {
    return Unavailable("the agent's loop has ended");
  }
  if (posted_.size() >= options_.posted_max) {
    return ResourceExhausted("{} tasks wait for the agent's loop already", posted_.size());
  }
  posted_.push_back(std::move(task));
  changed_.NotifyOne();
  return OkStatus();
}

Status AgentLoop::Call(Task task) {
  auto answer = std::make_shared<Answer>();
  // Dropped tasks answer too, when the queue lets go of them.
  std::shared_ptr<void> on_drop(nullptr, [answer](void*) {
    MutexLock lock(answer->mutex);
    answer->ready = true;
    answer->changed.NotifyAll();
  });
  Status posted = Post([answer, on_drop = std::move(on_drop), task = std::move(task)](AgentRound& round) {
    const Status status = task(round);
    Give(*answer, status);
    return IsFatal(status) ? status : OkStatus();
  });
  RETURN_IF_ERROR(posted);
  MutexLock lock(answer->mutex);
  while (!answer->ready) {
    answer->changed.Wait(answer->mutex);
  }
  return answer->status;
}

void AgentLoop::Stop() {
  MutexLock lock(mutex_);
  stopped_ = true;
  changed_.NotifyAll();
}

bool AgentLoop::WaitForWork(std::chrono::steady_clock::time_point until, std::deque<Task>& tasks) {
  MutexLock lock(mutex_);
  while (!stopped_ && posted_.empty() && changed_.WaitUntil(mutex_, until)) {
  }
  tasks = std::exchange(posted_, {});
  return !stopped_;
}

Status AgentLoop::RunTasks(std::deque<Task> tasks) {
  while (!tasks.empty()) {
    const Task task = std::move(tasks.front());
    tasks.pop_front();
    Status status = task(round_);
    if (IsFatal(status)) {
      return status;
    }
    if (!status.ok()) {
      LogWarn("what the link asked for failed", {{"why", std::string(MessageOf(status))}});
    }
  }
  return OkStatus();
}

std::chrono::steady_clock::time_point AgentLoop::NextLook() const {
  return last_look_ + (round_.wants_look() ? options_.look_gap_min : options_.poll_interval);
}

Status AgentLoop::Step(std::deque<Task> tasks) {
  RETURN_IF_ERROR(RunTasks(std::move(tasks)));
  if (std::chrono::steady_clock::now() < NextLook()) {
    return round_.Advance();
  }
  const auto begun = std::chrono::steady_clock::now();
  Status status = round_.RunRound();
  last_look_ = std::chrono::steady_clock::now();
  if (options_.after_each_look) {
    options_.after_each_look(last_look_ - begun, status);
  }
  return status;
}

Status AgentLoop::Run() {
  Status status;
  std::deque<Task> tasks;
  while (!IsFatal(status) &&
         WaitForWork(round_.has_more_work() ? std::chrono::steady_clock::now() : NextLook(), tasks)) {
    status = Step(std::exchange(tasks, {}));
    if (!status.ok() && !IsFatal(status)) {
      LogWarn("a round could not be finished, the next one goes on", {{"why", std::string(MessageOf(status))}});
    }
    if (options_.after_each_step) {
      options_.after_each_step();
    }
  }
  {
    MutexLock lock(mutex_);
    ended_ = true;
    tasks = std::exchange(posted_, {});
  }
  return IsFatal(status) ? status : OkStatus();
}

}  // namespace turnpike
