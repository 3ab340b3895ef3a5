// The half of base/child_process.h that is about processes already running.

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "base/child_process.h"
#include "base/errno_status.h"
#include "base/file_descriptor.h"
#include "base/pidfd.h"
#include "base/process_stat.h"

namespace turnpike {
namespace {

// NOT_FOUND unless the pid still belongs to this process, be it a zombie.
Result<ProcessStat> StatOf(const ProcessIdentity& process) {
  ASSIGN_OR_RETURN(const ProcessStat stat, ReadProcessStat(process.pid));
  if (stat.start_ticks != process.start_ticks) {
    return NotFound("process {} has ended, another one has its number", process.pid);
  }
  return stat;
}

// Opened before its identity is looked at, so that what holds for the descriptor holds for the process named.
Result<FileDescriptor> OpenProcess(int pid) {
  if (pid <= 0) {
    return NotFound("{} is not the number of a process", pid);
  }
  FileDescriptor opened(::pidfd_open(pid, 0));
  if (!opened.is_open()) {
    return ErrnoStatus(errno, "cannot open process {}", pid);
  }
  return opened;
}

// False when the time has passed.
bool WaitForEnd(const FileDescriptor& process, std::chrono::milliseconds time) {
  using SteadyClock = std::chrono::steady_clock;
  // A poll takes an int, so a very long wait is several.
  constexpr std::chrono::milliseconds kPollMax{std::numeric_limits<int>::max()};
  const SteadyClock::time_point start = SteadyClock::now();
  while (true) {
    const auto waited = std::chrono::floor<std::chrono::milliseconds>(SteadyClock::now() - start);
    const auto left = std::clamp(time - waited, std::chrono::milliseconds(0), kPollMax);
    pollfd waiting{.fd = process.number(), .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, static_cast<int>(left.count())) > 0) {
      return true;
    }
    if (left.count() == 0) {
      return false;
    }
  }
}

}  // namespace

std::optional<ProcessIdentity> IdentityOf(int pid) {
  const Result<ProcessStat> stat = ReadProcessStat(pid);
  if (!stat.ok() || stat->is_zombie()) {
    return std::nullopt;
  }
  return ProcessIdentity{.pid = pid, .start_ticks = stat->start_ticks};
}

bool IsAlive(const ProcessIdentity& process) {
  const Result<ProcessStat> stat = StatOf(process);
  // In doubt it lives: a job that is taken for dead is started a second time.
  return stat.ok() ? !stat->is_zombie() : stat.status().code() != StatusCode::kNotFound;
}

Status SignalProcess(const ProcessIdentity& process, int signal) {
  ASSIGN_OR_RETURN(const FileDescriptor opened, OpenProcess(process.pid));
  ASSIGN_OR_RETURN(const ProcessStat stat, StatOf(process));
  if (stat.is_zombie()) {
    return NotFound("process {} has ended", process.pid);
  }
  if (::pidfd_send_signal(opened.number(), signal, nullptr, 0) != 0) {
    return ErrnoStatus(errno, "cannot send signal {} to process {}", signal, process.pid);
  }
  return OkStatus();
}

Status SignalProcessGroup(const ProcessIdentity& leader, int signal) {
  // kill(-1) is everybody.
  if (leader.pid <= 1) {
    return InvalidArgument("process {} leads no group of ours", leader.pid);
  }
  RETURN_IF_ERROR(StatOf(leader).status());
  if (::kill(-leader.pid, signal) != 0) {
    return ErrnoStatus(errno, "cannot send signal {} to process group {}", signal, leader.pid);
  }
  return OkStatus();
}

bool WaitUntilGone(const ProcessIdentity& process, std::chrono::milliseconds time) {
  const Result<FileDescriptor> opened = OpenProcess(process.pid);
  if (!opened.ok()) {
    return opened.status().code() == StatusCode::kNotFound;
  }
  if (const Status status = StatOf(process).status(); !status.ok()) {
    return status.code() == StatusCode::kNotFound;
  }
  if (!WaitForEnd(*opened, time)) {
    return false;
  }
  // Fails where it is not our child, and then it is not ours to reap.
  siginfo_t ended{};
  ::waitid(P_PIDFD, static_cast<id_t>(opened->number()), &ended, WEXITED | WNOHANG);
  return true;
}

}  // namespace turnpike
