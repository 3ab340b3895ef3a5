#include "broker/embedded/postgres_processes.h"

#include <signal.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/file_sync.h"

namespace turnpike {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPidFileBytesMax = 4096;

std::optional<int> ParsePid(std::string_view text) {
  int pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  return error == std::errc() && pid > 1 ? std::optional(pid) : std::nullopt;
}

// "" where it cannot be read: gone, or another user's.
std::string LinkIn(int pid, std::string_view name) {
  std::error_code error;
  return fs::read_symlink(fmt::format("/proc/{}/{}", pid, name), error).native();
}

// A package upgrade leaves "… (deleted)" behind the name.
bool RunsPostgresIn(int pid, const std::string& data_folder) {
  const std::string program = fs::path(LinkIn(pid, "exe")).filename().native();
  return (program == "postgres" || program == "postgres (deleted)") && LinkIn(pid, "cwd") == data_folder;
}

// Its identity is taken before and after, so that what was seen was seen of this process.
std::optional<ProcessIdentity> ServerProcess(int pid, const std::string& data_folder) {
  const std::optional<ProcessIdentity> identity = IdentityOf(pid);
  if (!identity || !RunsPostgresIn(pid, data_folder) || !IsAlive(*identity)) {
    return std::nullopt;
  }
  return identity;
}

}  // namespace

std::optional<ProcessIdentity> RunningServer(const std::string& data_folder) {
  const Result<std::string> file = ReadFile(data_folder + "/postmaster.pid", kPidFileBytesMax);
  const std::optional<int> pid = file.ok() ? ParsePid(*file) : std::nullopt;
  return pid ? ServerProcess(*pid, data_folder) : std::nullopt;
}

std::vector<ProcessIdentity> ProcessesOf(const std::string& data_folder) {
  std::vector<ProcessIdentity> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", error)) {
    const std::optional<int> pid = ParsePid(entry.path().filename().native());
    const std::optional<ProcessIdentity> process = pid ? ServerProcess(*pid, data_folder) : std::nullopt;
    if (process) {
      found.push_back(*process);
    }
  }
  return found;
}

// Their database is lost to them already, and what they had not committed is rolled back: nothing is spared by asking
// gently.
Status EndOrphans(const std::string& data_folder, std::chrono::milliseconds time) {
  for (const ProcessIdentity& orphan : ProcessesOf(data_folder)) {
    Status sent = SignalProcess(orphan, SIGKILL);
    if (!sent.ok() && sent.code() != StatusCode::kNotFound) {
      return sent;
    }
    if (!WaitUntilGone(orphan, time)) {
      return DeadlineExceeded("process {} of a killed server in {} does not end, even when killed", orphan.pid,
                              data_folder);
    }
  }
  return OkStatus();
}

}  // namespace turnpike
