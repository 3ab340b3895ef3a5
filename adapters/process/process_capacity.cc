// What the process adapter says of itself: its capacity, and whether it works.
#include <algorithm>

#include "adapters/process/process_scheduler.h"

namespace turnpike {

Result<std::string> ProcessScheduler::Describe() {
  return std::string("process 1");
}

std::vector<std::string> ProcessScheduler::CommandFor(const LocalJob& job) {
  return {"/bin/sh", job.directory + "/wrapper"};
}

Result<std::vector<ShareCapacity>> ProcessScheduler::ReadCapacity() {
  MutexLock lock(mutex_);
  ShareCapacity share;
  share.pool = options_.cluster;
  share.cores_per_node = options_.cores;
  share.memory_per_node_mib = options_.memory_mib;
  share.nodes_max = 1;
  share.cores_max = options_.cores;
  share.time_limit_default = options_.time_limit_default;
  share.overrun = std::chrono::ceil<std::chrono::seconds>(options_.kill_grace);
  share.nodes_total = 1;
  share.cores_total = options_.cores;
  share.cores_idle = options_.cores;
  share.environment = options_.environment;
  const MonotonicTime now = clock_.Monotonic();
  for (const auto& [id, job] : jobs_) {
    const int64_t limit_seconds = job.time_limit.count();
    if (job.state == ProcessJobState::kWaiting) {
      ++share.jobs_waiting;
      share.core_seconds_waiting += job.cores * limit_seconds;
    } else if (job.state != ProcessJobState::kEnded) {
      const auto passed = std::chrono::floor<std::chrono::seconds>(now - job.start_monotonic).count();
      share.cores_idle -= job.cores;
      share.core_seconds_running += job.cores * std::max<int64_t>(0, limit_seconds - passed);
    }
  }
  share.nodes_idle = share.cores_idle > 0 ? 1 : 0;
  std::vector<ShareCapacity> shares;
  for (const std::string& name : options_.shares) {
    shares.push_back(share);
    shares.back().name = name;
  }
  return shares;
}

std::vector<CheckLine> ProcessScheduler::Check(const LocalJob& probe) {
  std::vector<CheckLine> lines;
  lines.push_back({CheckLine::Verdict::kPass, "the state folder can be written to", options_.state_directory, ""});
  const SubmitOutcome outcome = Submit(probe);
  const bool accepted = outcome.kind == SubmitOutcome::Kind::kAccepted;
  lines.push_back({accepted ? CheckLine::Verdict::kPass : CheckLine::Verdict::kFail, "a probe job is accepted",
                   outcome.detail, accepted ? "" : "look at the process limits in the agent's configuration"});
  if (!accepted) {
    return lines;
  }
  const PollResult poll = Poll({{probe.tag}, clock_.Now() - std::chrono::hours(1)});
  size_t shown = 0;
  for (const SourceReading& source : poll.sources) {
    shown += static_cast<size_t>(std::count_if(source.jobs.begin(), source.jobs.end(),
                                               [&](const LocalJobView& job) { return job.tag == probe.tag; }));
  }
  lines.push_back({shown > 0 ? CheckLine::Verdict::kPass : CheckLine::Verdict::kFail,
                   "the probe job is found by its tag", fmt::format("{} found", shown),
                   shown > 0 ? "" : "report this: it is an error of the agent"});
  return lines;
}

}  // namespace turnpike
