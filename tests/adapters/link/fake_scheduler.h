#pragma once
// A scheduler that takes every job, and runs one, with the real wrapper, when the test says so.  Thread-safe.

#include <map>
#include <string>
#include <vector>

#include "adapters/core/scheduler.h"
#include "base/check.h"
#include "base/child_process.h"
#include "base/file_sync.h"
#include "base/mutex.h"
#include "base/system_clock.h"

namespace turnpike {

class FakeScheduler final : public Scheduler {
 public:
  explicit FakeScheduler(std::string user) : user_(std::move(user)) {}

  // --- For the test.
  std::vector<LocalJob> WaitForJobs(size_t count) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    const MutexLock lock(mutex_);
    while (jobs_.size() < count && changed_.WaitUntil(mutex_, until)) {
    }
    return jobs_;
  }
  size_t submissions() {
    const MutexLock lock(mutex_);
    return jobs_.size();
  }
  // Runs the job's wrapper to its end.
  void RunToEnd(const LocalJob& job) {
    SetState(job.tag, LocalState::kRunning);
    ChildCommand command;
    command.argv = {"/bin/sh", "-c", "exec /bin/sh >\"$1\" 2>\"$2\"", "sh", job.output_path, job.error_path};
    command.environment = {{"PATH", "/usr/bin:/bin"}};
    command.standard_input = job.wrapper;
    const Result<ChildResult> result = RunChild(command);
    CHECK(result.ok());
    const MutexLock lock(mutex_);
    LocalJobView& view = views_[job.tag];
    view.state = LocalState::kEnded;
    view.raw_state = "ENDED";
    view.cause = EndCause::kProgramEnded;
    view.exit_code = result->exit_code;
    view.start_time = view.submit_time;
    view.end_time = clock_.Now();
    view.elapsed = std::chrono::seconds(1);
    view.allocated = ResourceAmounts{.nodes = 1, .cores = 1, .accelerators = 0, .memory_mib = 0};
  }
  void SetState(const std::string& tag, LocalState state) {
    const MutexLock lock(mutex_);
    views_[tag].state = state;
  }

  // --- Scheduler.
  Result<std::string> Describe() override { return std::string("fake 1.0"); }
  SubmitOutcome Submit(const LocalJob& job) override {
    const MutexLock lock(mutex_);
    jobs_.push_back(job);
    LocalJobView view;
    view.cluster = "c1";
    view.local_job_id = std::to_string(jobs_.size());
    view.tag = job.tag;
    view.comment = job.comment;
    view.local_user = user_;
    view.submit_time = clock_.Now();
    view.state = LocalState::kPending;
    view.raw_state = "PENDING";
    views_[job.tag] = view;
    changed_.NotifyAll();
    return {.kind = SubmitOutcome::Kind::kAccepted,
            .identity = {view.cluster, view.local_job_id, view.submit_time, view.tag},
            .detail = ""};
  }
  std::vector<std::string> CommandFor(const LocalJob& job) override { return {"submit", job.tag}; }
  PollResult Poll(const PollRequest&) override {
    const MutexLock lock(mutex_);
    SourceReading reading{
        .kind = SourceKind::kQueue, .complete = true, .error = "", .users_in_sight = {user_}, .jobs = {}};
    for (const auto& [tag, view] : views_) {
      reading.jobs.push_back(view);
    }
    return {.sources = {std::move(reading)}};
  }
  Status Cancel(const LocalJobIdentity& job) override {
    const MutexLock lock(mutex_);
    views_.erase(job.tag);
    return OkStatus();
  }
  Result<std::vector<ShareCapacity>> ReadCapacity() override {
    ShareCapacity share;
    share.name = "main";
    share.pool = "main";
    share.cores_total = 8;
    share.cores_idle = 8;
    return std::vector<ShareCapacity>{share};
  }
  std::vector<CheckLine> Check(const LocalJob&) override { return {}; }

 private:
  const std::string user_;
  SystemClock clock_;
  Mutex mutex_;
  CondVar changed_;
  std::vector<LocalJob> jobs_ GUARDED_BY(mutex_);
  std::map<std::string, LocalJobView> views_ GUARDED_BY(mutex_);
};

}  // namespace turnpike
