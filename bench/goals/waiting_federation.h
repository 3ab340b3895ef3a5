#pragma once
// A federation of its own in which many jobs wait, and the agent that could take them: what `restart` and `dispatch`
// begin with.

#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "bench/goals/bench_run.h"
#include "bench/harness/played_agent.h"

namespace turnpike {

// The agent of a federation's only site.  Ends every job as soon as it is offered, well and at once, and remembers when
// it saw the newest offer.
class EndingAgent {
 public:
  static Result<std::unique_ptr<EndingAgent>> Make(LoadedFederation& federation);

  PlayedAgent& link() { return *link_; }
  int64_t offers() const EXCLUDES(mutex_);
  // Until there have been more offers than `known`; when the newest came.
  Result<PlayedAgent::SteadyTime> WaitForOffer(int64_t known) EXCLUDES(mutex_);
  // The reports of what was offered; to be called when the clock does not run.
  Status EndOffered() EXCLUDES(mutex_);

 private:
  void Take(const v1::DesiredAttempt& attempt, PlayedAgent::SteadyTime at) EXCLUDES(mutex_);

  std::unique_ptr<PlayedAgent> link_;
  mutable Mutex mutex_;
  CondVar changed_;
  int64_t offers_ GUARDED_BY(mutex_) = 0;
  PlayedAgent::SteadyTime newest_ GUARDED_BY(mutex_){};
  std::vector<v1::Report> to_send_ GUARDED_BY(mutex_);
};

// How the jobs that wait differ from the one that every bench submits.
struct WaitingCopies {
  int64_t count = 0;
  int32_t cpus_per_task = 4;
};
// In 1,000 classes, told apart by their time limits.  The broker does not run afterwards; without jobs it does not,
// too.
Status StoreWaiting(BenchRun& run, const WaitingCopies& jobs);

// Of a process, in bytes.
Result<int64_t> ResidentBytes(int pid);

}  // namespace turnpike
