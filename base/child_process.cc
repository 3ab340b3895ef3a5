#include "base/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <optional>
#include <string_view>

#include "base/errno_status.h"
#include "base/file_descriptor.h"
#include "base/pidfd.h"
#include "base/process_stat.h"
#include "base/spawn.h"

namespace turnpike {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr size_t kReadBytes = 64U << 10U;
constexpr std::chrono::milliseconds kTimeoutMax = std::chrono::hours(24 * 365);  // keeps deadlines from overflowing
// A process stuck inside the kernel, say on a dead file server, does not even die of SIGKILL.  Better one zombie in the
// end than a caller who never returns.
constexpr std::chrono::milliseconds kKillWaitMax{10'000};

struct Pipe {
  FileDescriptor read_end;
  FileDescriptor write_end;
};

// Only our end does not block: the two ends do not share that flag.
Result<Pipe> MakePipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return ErrnoStatus(errno, "cannot make a pipe");
  }
  Pipe pipe{.read_end = FileDescriptor(ends[0]), .write_end = FileDescriptor(ends[1])};
  if (::fcntl(pipe.read_end.number(), F_SETFL, O_NONBLOCK) != 0) {
    return ErrnoStatus(errno, "cannot set up a pipe");
  }
  return pipe;
}

// A file in memory instead of a pipe: nothing to feed, so no deadlock with a child that does not read and no SIGPIPE.
Result<FileDescriptor> MakeStandardInput(std::string_view text) {
  FileDescriptor file(::memfd_create("standard-input", MFD_CLOEXEC));
  if (!file.is_open()) {
    return ErrnoStatus(errno, "cannot make a file in memory");
  }
  while (!text.empty()) {
    const ssize_t count = ::write(file.number(), text.data(), text.size());
    if (count < 0) {
      return ErrnoStatus(errno, "cannot write the standard input of a child process");
    }
    text.remove_prefix(static_cast<size_t>(count));
  }
  if (::lseek(file.number(), 0, SEEK_SET) != 0) {
    return ErrnoStatus(errno, "cannot rewind the standard input of a child process");
  }
  return file;
}

// One output stream of the child, read as far as it goes.
class OutputReader {
 public:
  OutputReader(FileDescriptor pipe, size_t bytes_max) : pipe_(std::move(pipe)), bytes_max_(bytes_max) {}

  // -1 once closed, which poll() leaves out.
  int descriptor() const { return pipe_.number(); }
  bool overflowed() const { return text_.size() > bytes_max_; }
  std::string TakeText() { return std::move(text_); }

  // Takes what is there now; closes the pipe at its end and on overflow.
  void ReadAvailable() {
    std::array<char, kReadBytes> buffer;
    while (pipe_.is_open() && !overflowed()) {
      const ssize_t count = ::read(pipe_.number(), buffer.data(), buffer.size());
      if (count > 0) {
        text_.append(buffer.data(), static_cast<size_t>(count));
      } else if (count == 0) {
        pipe_.Close();
      } else if (errno != EINTR) {
        return;  // EAGAIN: no more for now
      }
    }
  }

 private:
  FileDescriptor pipe_;
  size_t bytes_max_;
  std::string text_;
};

// A child between its start and its end.
class RunningChild {
 public:
  RunningChild(int pid, FileDescriptor process, OutputReader output, OutputReader error)
      : pid_(pid), process_(std::move(process)), output_(std::move(output)), error_(std::move(error)) {}

  // Waits for the end, reading all the while.  False when the deadline came or a stream overflowed first.
  bool WaitForEnd(SteadyClock::time_point deadline);
  // The leader is not reaped yet, so the group's number is still its own.
  void KillGroup();
  // Nothing when it could not be reaped.
  std::optional<siginfo_t> Reap();

  OutputReader& output() { return output_; }
  OutputReader& error() { return error_; }
  bool overflowed() const { return output_.overflowed() || error_.overflowed(); }

 private:
  int pid_;
  FileDescriptor process_;
  OutputReader output_;
  OutputReader error_;
};

int MillisecondsUntil(SteadyClock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
  return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, std::numeric_limits<int>::max()));
}

bool RunningChild::WaitForEnd(SteadyClock::time_point deadline) {
  while (!overflowed()) {
    std::array<pollfd, 3> waiting{{{.fd = process_.number(), .events = POLLIN, .revents = 0},
                                   {.fd = output_.descriptor(), .events = POLLIN, .revents = 0},
                                   {.fd = error_.descriptor(), .events = POLLIN, .revents = 0}}};
    const int left = MillisecondsUntil(deadline);
    const int ready = ::poll(waiting.data(), waiting.size(), left);
    output_.ReadAvailable();
    error_.ReadAvailable();
    // Its own last words were in the pipes before its end showed, so they have just been read.
    if (ready > 0 && waiting[0].revents != 0) {
      return !overflowed();
    }
    if (left == 0) {
      return false;
    }
  }
  return false;
}

void RunningChild::KillGroup() {
  ::kill(-pid_, SIGKILL);
  // Once more by name, for the child that has left its group.
  ::pidfd_send_signal(process_.number(), SIGKILL, nullptr, 0);
}

std::optional<siginfo_t> RunningChild::Reap() {
  const SteadyClock::time_point deadline = SteadyClock::now() + kKillWaitMax;
  pollfd waiting{.fd = process_.number(), .events = POLLIN, .revents = 0};
  int ready = -1;
  while (ready < 0) {
    ready = ::poll(&waiting, 1, MillisecondsUntil(deadline));
  }
  siginfo_t ended{};
  if (::waitid(P_PIDFD, static_cast<id_t>(process_.number()), &ended, WEXITED | WNOHANG) != 0 || ended.si_pid == 0) {
    return std::nullopt;
  }
  return ended;
}

Result<RunningChild> Start(const ChildCommand& command) {
  ASSIGN_OR_RETURN(const FileDescriptor input, MakeStandardInput(command.standard_input));
  ASSIGN_OR_RETURN(Pipe output, MakePipe());
  ASSIGN_OR_RETURN(Pipe error, MakePipe());
  ASSIGN_OR_RETURN(const int pid, Spawn({.argv = command.argv,
                                         .environment = command.environment,
                                         .directory = command.directory,
                                         .new_session = true,
                                         .streams = {.input = input.number(),
                                                     .output = output.write_end.number(),
                                                     .error = error.write_end.number()}}));
  // Cannot name another process: nobody else reaps it.
  FileDescriptor process(::pidfd_open(pid, 0));
  if (!process.is_open()) {
    const int open_error = errno;
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return ErrnoStatus(open_error, "cannot watch child process {}", pid);
  }
  return RunningChild(pid, std::move(process), OutputReader(std::move(output.read_end), command.output_bytes_max),
                      OutputReader(std::move(error.read_end), command.output_bytes_max));
}

struct OpenFileCommand {
  std::string path;
  int flags = 0;
};

Result<FileDescriptor> OpenStream(const OpenFileCommand& command) {
  constexpr unsigned kMode = 0644;
  FileDescriptor file(::open(command.path.c_str(), command.flags | O_CLOEXEC, kMode));
  if (!file.is_open()) {
    return ErrnoStatus(errno, "cannot open {} for a process to start", command.path);
  }
  return file;
}

}  // namespace

Result<ChildResult> RunChild(const ChildCommand& command) {
  const SteadyClock::time_point deadline = SteadyClock::now() + std::min(command.timeout, kTimeoutMax);
  ASSIGN_OR_RETURN(RunningChild child, Start(command));
  const bool ended_by_itself = child.WaitForEnd(deadline);
  if (!ended_by_itself) {
    child.KillGroup();
  }
  const std::optional<siginfo_t> ended = child.Reap();
  child.output().ReadAvailable();
  child.error().ReadAvailable();
  if (child.overflowed()) {
    return ResourceExhausted("{} printed more than {} bytes", command.argv.front(), command.output_bytes_max);
  }
  if (!ended && ended_by_itself) {
    return Internal("the end of {} was taken by somebody else: is SIGCHLD ignored?", command.argv.front());
  }
  const bool exited = ended && ended->si_code == CLD_EXITED;
  return ChildResult{.exit_code = exited ? ended->si_status : 0,
                     .signal = exited ? 0 : (ended ? ended->si_status : SIGKILL),
                     .timed_out = !ended_by_itself,
                     .output = child.output().TakeText(),
                     .error_output = child.error().TakeText()};
}

Result<ProcessIdentity> StartDetached(const DetachedCommand& command) {
  constexpr int kAppend = O_WRONLY | O_APPEND | O_CREAT;
  ASSIGN_OR_RETURN(const FileDescriptor input, OpenStream({.path = command.standard_input_path, .flags = O_RDONLY}));
  ASSIGN_OR_RETURN(const FileDescriptor output, OpenStream({.path = command.output_path, .flags = kAppend}));
  ASSIGN_OR_RETURN(const FileDescriptor error, OpenStream({.path = command.error_path, .flags = kAppend}));
  ASSIGN_OR_RETURN(const int pid,
                   Spawn({.argv = command.argv,
                          .environment = command.environment,
                          .directory = command.directory,
                          .new_session = command.new_session,
                          .streams = {.input = input.number(), .output = output.number(), .error = error.number()}}));
  // Already a zombie, perhaps, but it is there until it is reaped.
  ASSIGN_OR_RETURN(const ProcessStat stat, ReadProcessStat(pid));
  return ProcessIdentity{.pid = pid, .start_ticks = stat.start_ticks};
}

}  // namespace turnpike
