#pragma once
// Runs jobs as processes of this host: the scheduler of a development site, and of a single server without one.  Jobs
// are held to their time and memory; together they hold no more than the configured cores, memory and count; the rest
// waits, first come first served.  Queue and running jobs outlive the agent: its successor adopts them.  It gives back
// what it started with: a state folder.
//
// Thread-safe.  With a tick interval it has a thread of its own that enforces limits; without one, every Poll does.

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "adapters/core/scheduler.h"
#include "adapters/process/process_job.h"
#include "adapters/process/process_store.h"
#include "adapters/process/process_tree.h"
#include "base/mutex.h"
#include "base/stop_signal.h"

namespace turnpike {

struct ProcessOptions {
  std::string state_directory;
  std::string cluster = "process";
  std::string user;                            // the user the agent runs as, and the jobs too
  std::string boot_id;                         // of this host
  std::vector<std::string> shares = {"main"};  // all of one pool: this host
  EnvironmentMode environment = EnvironmentMode::kLogin;
  int cores = 1;
  int64_t memory_mib = 1024;
  int jobs_max = 64;  // running at once
  int waiting_max = 10'000;
  std::chrono::hours time_limit_default{1};      // of a job that gives none
  std::chrono::milliseconds kill_grace{30'000};  // between SIGTERM and SIGKILL
  std::chrono::milliseconds tick_interval{500};  // 0: no thread
  std::chrono::hours ended_kept{7 * 24};
  std::chrono::milliseconds probe_timeout{60'000};  // for the probe job of a check to end
};

class ProcessScheduler final : public Scheduler {
 public:
  static Result<std::unique_ptr<ProcessScheduler>> Open(const ProcessOptions& options, const Clock& clock);
  ~ProcessScheduler() override;  // jobs go on

  Result<std::string> Describe() override;
  SubmitOutcome Submit(const LocalJob& job) override EXCLUDES(mutex_);
  std::vector<std::string> CommandFor(const LocalJob& job) override;
  PollResult Poll(const PollRequest& request) override EXCLUDES(mutex_);
  Status Cancel(const LocalJobIdentity& job) override EXCLUDES(mutex_);
  Result<std::vector<ShareCapacity>> ReadCapacity() override EXCLUDES(mutex_);
  std::vector<CheckLine> Check(const LocalJob& probe) override EXCLUDES(mutex_);

  // Ends what is over its limits, notes what ended, starts what fits.
  void Tick() EXCLUDES(mutex_);

 private:
  ProcessScheduler(ProcessOptions options, const Clock& clock, ProcessStore store, std::map<int64_t, ProcessJob> jobs);

  int CountWaiting() const REQUIRES(mutex_);
  void AdoptStarting() REQUIRES(mutex_);
  void TickLocked() REQUIRES(mutex_);
  void Watch(ProcessJob& job, const ProcessTable& table) REQUIRES(mutex_);
  void KeepToLimits(ProcessJob& job, const ProcessTable& table) REQUIRES(mutex_);
  void Stop(ProcessJob& job, EndCause cause) REQUIRES(mutex_);
  bool IsOfThisBoot(const ProcessJob& job) const;
  bool HasItsNumber(const ProcessJob& job) const;
  // Whether the table shows anything of it.
  bool Kill(const ProcessJob& job, const ProcessTable& table) const REQUIRES(mutex_);
  void KillWhatIsLeft(const ProcessJob& job) const REQUIRES(mutex_);
  void End(ProcessJob& job, const std::optional<RunnerStatus>& status) REQUIRES(mutex_);
  void StartWaiting() REQUIRES(mutex_);
  void Start(ProcessJob& job) REQUIRES(mutex_);
  void DropOld() REQUIRES(mutex_);
  void Save(const ProcessJob& job) const REQUIRES(mutex_);

  // --- process_capacity.cc: what the adapter says of itself.
  // As last seen; nullopt: not at all.
  std::optional<LocalJobView> WaitForProbe(const LocalJob& probe) EXCLUDES(mutex_);
  void JudgeProbe(const LocalJobIdentity& probe, const std::optional<LocalJobView>& seen, std::vector<CheckLine>& lines)
      EXCLUDES(mutex_);

  const ProcessOptions options_;
  const Clock& clock_;
  Mutex mutex_;
  ProcessStore store_ GUARDED_BY(mutex_);
  std::map<int64_t, ProcessJob> jobs_ GUARDED_BY(mutex_);  // by id: in the order of submission
  StopSignal stop_;
  std::thread ticker_;
};

}  // namespace turnpike
