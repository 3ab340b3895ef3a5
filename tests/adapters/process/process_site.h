#pragma once
// A process scheduler in a folder of its own, for the contract and for the adapter's own tests.

#include <memory>
#include <string>

#include "adapters/core/pick_job.h"
#include "adapters/process/process_scheduler.h"
#include "base/check.h"
#include "base/system_clock.h"
#include "tests/base/scratch_folder.h"
#include "tests/contracts/eventually.h"

namespace turnpike {

class ProcessSite {
 public:
  static constexpr bool kKeepsShortTimeLimits = true;

  ProcessSite() {
    options_.state_directory = scratch_.File("state");
    options_.user = "ada";
    options_.boot_id = "boot 1";
    options_.cores = 4;
    options_.memory_mib = 1024;
    options_.kill_grace = std::chrono::milliseconds(300);
    options_.tick_interval = std::chrono::milliseconds(0);
    Recreate();
  }
  // Nothing of it may write into the folder while that is being removed.
  ~ProcessSite() {
    CHECK(Eventually([this] {
      const PollResult poll = scheduler_->Poll({});
      for (const LocalJobView& job : poll.sources.front().jobs) {
        CHECK(scheduler_->Cancel(NameOf(job)).ok());
      }
      return poll.sources.front().jobs.empty();
    }));
  }
  Scheduler& scheduler() { return *scheduler_; }
  ProcessScheduler& process() { return *scheduler_; }
  ProcessOptions& options() { return options_; }
  void Recreate() {
    scheduler_.reset();
    Result<std::unique_ptr<ProcessScheduler>> made = ProcessScheduler::Open(options_, clock_);
    CHECK(made.ok());
    scheduler_ = *std::move(made);
  }
  // While no agent runs, the record of the job `id` becomes another.
  template <class Change>
  void RecreateWithRecord(int64_t id, const Change& change) {
    scheduler_.reset();
    {
      std::map<int64_t, ProcessJob> jobs;
      const ProcessStore store = ProcessStore::Open(options_.state_directory, jobs).value();
      change(jobs.at(id));
      CHECK(store.Save(jobs.at(id)).ok());
    }
    Recreate();
  }
  std::string local_user() const { return options_.user; }
  std::string folder() const { return scratch_.path(); }
  static LocalJob AskForAll(LocalJob job) {
    job.cpus_per_task = 4;
    return job;
  }
  static LocalJob Impossible(LocalJob job) {
    job.nodes = 2;
    return job;
  }

 private:
  ScratchFolder scratch_;
  SystemClock clock_;
  ProcessOptions options_;
  std::unique_ptr<ProcessScheduler> scheduler_;
};

}  // namespace turnpike
