#include "bench/reference/slurm_queue.h"

#include <unistd.h>

#include <filesystem>
#include <sstream>
#include <thread>

#include "base/file_sync.h"
#include "base/stop_signal.h"

namespace turnpike {
namespace {

constexpr std::chrono::minutes kCommandTime{4};
constexpr std::chrono::milliseconds kPause{100};
constexpr char kPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
// $0 how many, $1 the script.
constexpr char kSbatchLoop[] = R"(for ((i = 0; i < $0; i++)); do sbatch --quiet "$1" >/dev/null || exit 1; done)";

std::string ClusterName() {
  return fmt::format("bench{}", ::getpid());
}

Result<std::string> RunCommand(const std::vector<std::string>& argv,
                               const std::map<std::string, std::string>& environment) {
  ASSIGN_OR_RETURN(
      const ChildResult ended,
      RunChild(
          {.argv = argv, .environment = environment, .directory = "/", .standard_input = {}, .timeout = kCommandTime}));
  if (!ended.succeeded()) {
    return Internal("{} failed: {}{}", argv.front(), ended.output, ended.error_output);
  }
  return ended.output;
}

bool IsOnPath(const std::string& program) {
  std::istringstream folders(kPath);
  for (std::string folder; std::getline(folders, folder, ':');) {
    folder.append("/").append(program);
    if (::access(folder.c_str(), X_OK) == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string SlurmQueue::Missing(const Settings& settings) {
  if (::geteuid() != 0) {
    return "needs root, as Slurm's controller does here";
  }
  for (const char* program : {"slurmctld", "slurmd", "munged", "sbatch"}) {
    if (!IsOnPath(program)) {
      return fmt::format("{} is not installed: deploy/packages slurm", program);
    }
  }
  if (::access(settings.submit.c_str(), X_OK) != 0) {
    return "built without Slurm's library: deploy/packages bench, then configure and build again";
  }
  return ::access(settings.lab.c_str(), X_OK) == 0 ? "" : fmt::format("{} is not there", settings.lab);
}

Result<std::unique_ptr<SlurmQueue>> SlurmQueue::Start(const Settings& settings) {
  std::unique_ptr<SlurmQueue> queue(new SlurmQueue(settings));
  queue->environment_ = {{"PATH", kPath}};
  queue->script_path_ = settings.folder + "/slurm_job.sh";
  RETURN_IF_ERROR(WriteFileAtomically(queue->script_path_, settings.script, 0755));
  // What a site would have where many submit at once: `defer` leaves a submission's own scheduling pass out.
  RETURN_IF_ERROR(
      queue
          ->Run({settings.lab, "start", ClusterName(), "--no-accounting", "--message-timeout", "10", "--min-job-age",
                 "2", "--conf", "SchedulerParameters=defer", "--conf", "MaxJobCount=200000"})
          .status());
  ASSIGN_OR_RETURN(const std::string lines, queue->Run({settings.lab, "env", ClusterName()}));
  constexpr std::string_view kMark = "SLURM_CONF=";
  const size_t begin = lines.find(kMark) + kMark.size();
  queue->environment_["SLURM_CONF"] = lines.substr(begin, lines.find('\n', begin) - begin);
  ASSIGN_OR_RETURN(const std::string status, queue->Run({settings.lab, "status", ClusterName()}));
  std::istringstream daemons(status);
  std::string name, state;
  for (int pid = 0; daemons >> name >> pid >> state;) {
    queue->controller_pid_ = name == "slurmctld" ? pid : queue->controller_pid_;
  }
  // No node takes a job: all of them stay pending.
  RETURN_IF_ERROR(
      queue->Run({"scontrol", "update", "NodeName=" + ClusterName() + "n1", "State=DRAIN", "Reason=bench"}).status());
  return queue;
}

SlurmQueue::~SlurmQueue() {
  StopSlurmQueue(settings_.lab);
}

Status SlurmQueue::SubmitBySbatch(int64_t jobs_per_process) {
  return RunAtOnce({"bash", "-c", kSbatchLoop, std::to_string(jobs_per_process), script_path_});
}

Status SlurmQueue::SubmitByLibrary(int64_t jobs_per_process) {
  return RunAtOnce({settings_.submit, std::to_string(jobs_per_process), script_path_});
}

Status SlurmQueue::RunAtOnce(const std::vector<std::string>& argv) {
  std::vector<Status> ends(static_cast<size_t>(settings_.processes));
  std::vector<std::thread> threads;
  threads.reserve(ends.size());
  for (Status& end : ends) {
    threads.emplace_back([&] { end = Run(argv).status(); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const Status& end : ends) {
    RETURN_IF_ERROR(end);
  }
  return OkStatus();
}

Status SlurmQueue::Clear() {
  RETURN_IF_ERROR(Run({"scancel", "--user=root"}).status());
  const auto until = std::chrono::steady_clock::now() + kCommandTime;
  for (StopSignal pause; std::chrono::steady_clock::now() < until; pause.WaitFor(kPause)) {
    ASSIGN_OR_RETURN(const std::string left, Run({"squeue", "--noheader", "--format=%A"}));
    if (left.empty()) {
      return OkStatus();
    }
  }
  return DeadlineExceeded("Slurm's queue does not become empty");
}

Result<std::string> SlurmQueue::Run(const std::vector<std::string>& argv) const {
  return RunCommand(argv, environment_);
}

void StopSlurmQueue(const std::string& lab) {
  if (!lab.empty()) {
    RunCommand({lab, "stop", ClusterName()}, {{"PATH", kPath}}).status().IgnoreError();  // Nothing more can be done.
  }
}

}  // namespace turnpike
