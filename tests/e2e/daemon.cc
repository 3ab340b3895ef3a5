#include "tests/e2e/daemon.h"

#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <functional>

#include "base/file_sync.h"
#include "tests/e2e/eventually.h"

namespace turnpike {
namespace {

constexpr size_t kLogTailBytes = 6000;
constexpr std::chrono::milliseconds kKillTime{20'000};

// The letter in /proc/PID/stat behind the name, which may hold anything.
char StateOf(int pid) {
  const Result<std::string> stat = ReadFile(fmt::format("/proc/{}/stat", pid));
  const size_t end = stat.ok() ? stat->rfind(") ") : std::string::npos;
  return end == std::string::npos || end + 2 >= stat->size() ? '?' : (*stat)[end + 2];
}

void ForEachProcessOf(const std::string& folder,
                      const std::function<void(const ProcessIdentity&, const std::string&)>& visit) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    int pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || end != name.data() + name.size() || pid == ::getpid()) {
      continue;
    }
    const std::optional<ProcessIdentity> identity = IdentityOf(pid);
    const Result<std::string> command_line = ReadFile("/proc/" + name + "/cmdline");
    if (identity && command_line.ok() && command_line->find(folder + "/") != std::string::npos) {
      visit(*identity, *command_line);
    }
  }
}

}  // namespace

Status Daemon::Start(const Failpoints& failpoints) {
  Environment environment = PlainEnvironment();
  if (!failpoints.armed.empty()) {
    environment["TURNPIKE_FAILPOINTS"] = failpoints.armed;
    environment["TURNPIKE_FAILPOINT_LOG"] = failpoints.log_path;
  }
  ASSIGN_OR_RETURN(process_, StartDetached({.argv = settings_.argv,
                                            .environment = environment,
                                            .directory = "/",
                                            .output_path = settings_.log_path,
                                            .error_path = settings_.log_path}));
  return OkStatus();
}

bool Daemon::stopped() const {
  return alive() && StateOf(process_->pid) == 'T';
}

Status Daemon::Kill() {
  if (!process_) {
    return OkStatus();
  }
  static_cast<void>(SignalProcess(*process_, SIGKILL));  // Gone already: the wait tells.
  return WaitUntilGone(*process_, kKillTime) ? OkStatus() : Internal("{} does not die of SIGKILL", settings_.name);
}

Status Daemon::Terminate(std::chrono::milliseconds time) {
  RETURN_IF_ERROR(SignalProcess(*process_, SIGTERM));
  return WaitUntilGone(*process_, time)
             ? OkStatus()
             : DeadlineExceeded("{} did not end within {} ms of SIGTERM", settings_.name, time.count());
}

Status Daemon::Pause() {
  RETURN_IF_ERROR(SignalProcess(*process_, SIGSTOP));
  return WaitUntilStopped();
}

Status Daemon::Resume() {
  return SignalProcess(*process_, SIGCONT);
}

Status Daemon::WaitUntilDead(std::chrono::milliseconds time) {
  return process_ && WaitUntilGone(*process_, time)
             ? OkStatus()
             : DeadlineExceeded("{} was to end and still runs after {} ms; its log ends with:\n{}", settings_.name,
                                time.count(), LogTail());
}

Status Daemon::WaitUntilStopped(std::chrono::milliseconds time) {
  const bool came_about = Eventually([this] { return stopped() || !alive(); }, time);
  return came_about && stopped()
             ? OkStatus()
             : DeadlineExceeded("{} was to stop at its failpoint and did not; its log ends with:\n{}", settings_.name,
                                LogTail());
}

std::string Daemon::LogTail() const {
  const Result<FileTail> tail = ReadFileTail(settings_.log_path, kLogTailBytes);
  return tail.ok() ? tail->bytes : std::string(MessageOf(tail.status()));
}

void EndProcessesOf(const std::string& folder) {
  // Again until none is left: they start others while they live.
  Eventually(
      [&folder] {
        int count = 0;
        ForEachProcessOf(folder, [&count](const ProcessIdentity& process, const std::string&) {
          ++count;
          static_cast<void>(SignalProcess(process, SIGKILL));
        });
        return count == 0;
      },
      std::chrono::seconds(30));
}

int CountProcessesOf(const std::string& folder, const std::string& word) {
  int count = 0;
  ForEachProcessOf(folder, [&](const ProcessIdentity&, const std::string& command_line) {
    count += command_line.find(word) == std::string::npos ? 0 : 1;
  });
  return count;
}

}  // namespace turnpike
