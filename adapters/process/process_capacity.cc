// What the process adapter says of itself: its capacity, and whether it works.
#include <algorithm>

#include "adapters/process/process_scheduler.h"

namespace turnpike {
namespace {

using Verdict = CheckLine::Verdict;
constexpr std::chrono::milliseconds kProbePollEvery{100};
constexpr auto kProbeLookBack = std::chrono::hours(1);

}  // namespace

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
  lines.push_back({Verdict::kPass, "the state folder can be written to", options_.state_directory, ""});
  const SubmitOutcome outcome = Submit(probe);
  const bool accepted = outcome.kind == SubmitOutcome::Kind::kAccepted;
  lines.push_back({accepted ? Verdict::kPass : Verdict::kFail, "a probe job is accepted", outcome.detail,
                   accepted ? "" : "look at the process limits in the agent's configuration"});
  if (accepted) {
    JudgeProbe(outcome.identity, WaitForProbe(probe), lines);
  }
  return lines;
}

std::optional<LocalJobView> ProcessScheduler::WaitForProbe(const LocalJob& probe) {
  const MonotonicTime deadline = clock_.Monotonic() + options_.probe_timeout;
  const PollRequest request{{probe.tag}, clock_.Now() - kProbeLookBack};
  for (;;) {
    std::optional<LocalJobView> seen;
    for (const SourceReading& source : Poll(request).sources) {
      const auto found = std::ranges::find(source.jobs, probe.tag, &LocalJobView::tag);
      seen = found == source.jobs.end() ? seen : *found;
    }
    const bool over = seen && seen->state == LocalState::kEnded;
    if (over || clock_.Monotonic() >= deadline || stop_.WaitFor(kProbePollEvery)) {
      return seen;
    }
  }
}

void ProcessScheduler::JudgeProbe(const LocalJobIdentity& probe, const std::optional<LocalJobView>& seen,
                                  std::vector<CheckLine>& lines) {
  lines.push_back({seen ? Verdict::kPass : Verdict::kFail, "the probe job is found by its tag",
                   seen ? "job " + seen->local_job_id : "it is not there",
                   seen ? "" : "report this: it is an error of the agent"});
  if (!seen) {
    return;
  }
  if (seen->state != LocalState::kEnded) {
    const Status cancelled = Cancel(probe);
    lines.push_back({Verdict::kFail, "the probe job ends",
                     fmt::format("it is {} after {} s, and was cancelled{}", seen->raw_state,
                                 std::chrono::duration_cast<std::chrono::seconds>(options_.probe_timeout).count(),
                                 cancelled.ok() ? "" : " in vain"),
                     "see what holds this host up: the job does nothing but print a line"});
    return;
  }
  const bool well = seen->cause == EndCause::kProgramEnded && seen->exit_code == 0;
  lines.push_back(
      {well ? Verdict::kPass : Verdict::kFail, "the probe job ends well",
       fmt::format("{}, exit code {}, signal {}", seen->raw_state, seen->exit_code.value_or(-1), seen->exit_signal),
       well ? "" : "run the command of `turnpike-agent show-command` by hand, as the agent's user"});
}

}  // namespace turnpike
