#include "adapters/process/process_request.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "adapters/process/process_scheduler.h"

namespace turnpike {
namespace {

int64_t CoresOf(const LocalJob& job) {
  return int64_t{std::max(job.tasks, 1)} * std::max(job.cpus_per_task, 1);
}
int64_t MemoryOf(const LocalJob& job) {
  return job.memory_per_node_mib > 0 ? job.memory_per_node_mib : job.memory_per_cpu_mib * CoresOf(job);
}

}  // namespace

std::string RefusalOf(const LocalJob& job, const ProcessOptions& options) {
  if (!job.account.local_user.empty() && job.account.local_user != options.user) {
    return fmt::format("jobs run here only as {}, not as {}", options.user, job.account.local_user);
  }
  if (job.nodes > 1) {
    return fmt::format("{} nodes were asked for, and this site is one host", job.nodes);
  }
  if (CoresOf(job) > options.cores) {
    return fmt::format("{} cores were asked for, and there are {}", CoresOf(job), options.cores);
  }
  if (MemoryOf(job) > options.memory_mib) {
    return fmt::format("{} MiB of memory were asked for, and there are {}", MemoryOf(job), options.memory_mib);
  }
  if (job.accelerators_per_node > 0) {
    return "accelerators were asked for, and there are none";
  }
  if (!job.flags.empty()) {
    return fmt::format("the flag {} means nothing here", job.flags.front().flag);
  }
  if (job.signal && SignalNumber(job.signal->name) == 0) {
    return fmt::format("the signal {} is not known", job.signal->name);
  }
  return "";
}

ProcessJob MakeProcessJob(const LocalJob& job, const ProcessOptions& options) {
  ProcessJob made;
  made.tag = job.tag;
  made.comment = job.comment;
  made.display_name = job.display_name;
  made.user = options.user;
  made.directory = job.directory;
  made.output_path = job.output_path;
  made.error_path = job.error_path;
  made.cores = CoresOf(job);
  made.memory_mib = MemoryOf(job);
  made.time_limit = job.time_limit;
  made.signal = job.signal;
  return made;
}

int SignalNumber(const std::string& name) {
  static constexpr std::pair<std::string_view, int> kSignals[] = {
      {"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"TERM", SIGTERM},
      {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"CONT", SIGCONT}, {"TSTP", SIGTSTP}};
  for (const auto& [known, number] : kSignals) {
    if (name == known) {
      return number;
    }
  }
  return 0;
}

}  // namespace turnpike
