// Long because each promise of the header has its own case.
#include "base/child_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>
#include <limits>
#include <thread>

#include "base/file_descriptor.h"
#include "base/file_sync.h"
#include "base/process_stat.h"
#include "tests/base/fork_child.h"
#include "tests/base/scratch_folder.h"

namespace turnpike {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr milliseconds kLong = std::chrono::minutes(5);  // never reached, unless something is broken
constexpr char kPath[] = "/usr/local/bin:/usr/bin:/bin";

ChildCommand Shell(const std::string& script) {
  return {.argv = {"sh", "-c", script}, .environment = {{"PATH", kPath}}, .standard_input = {}, .timeout = kLong};
}

ChildResult ResultOf(const ChildCommand& command) {
  Result<ChildResult> result = RunChild(command);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : ChildResult{};
}

DetachedCommand DetachedShell(const std::string& script) {
  return {.argv = {"sh", "-c", script},
          .environment = {{"PATH", kPath}},
          .output_path = "/dev/null",
          .error_path = "/dev/null"};
}

bool HasNoChildren() {
  return ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD;
}

// A process that waits until it is told to end, and is gone when the test is.
class SleepingProcess {
 public:
  SleepingProcess() : identity_(*StartDetached(DetachedShell("exec sleep 1000"))) {}
  ~SleepingProcess() {
    SignalProcess(identity_, SIGKILL).IgnoreError();
    WaitUntilGone(identity_, kLong);
  }
  const ProcessIdentity& identity() const { return identity_; }

 private:
  ProcessIdentity identity_;
};

// Where processes write a line that the test waits for.
class Fifo {
 public:
  explicit Fifo(std::string path) : path_(std::move(path)) {
    CHECK(::mkfifo(path_.c_str(), 0600) == 0);
    // For reading and writing, so that opening does not wait and an end of file never comes.
    descriptor_ = FileDescriptor(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
    CHECK(descriptor_.is_open());
  }
  const std::string& path() const { return path_; }
  std::string ReadLine() {
    std::string line;
    for (char c = 0; ::read(descriptor_.number(), &c, 1) == 1 && c != '\n';) {
      line.push_back(c);
    }
    return line;
  }

 private:
  std::string path_;
  FileDescriptor descriptor_;
};

TEST(RunChild, GivesBackWhatTheProgramSaid) {
  const ChildResult result = ResultOf(Shell("echo out; echo err >&2; exit 3"));
  EXPECT_EQ(result.output, "out\n");
  EXPECT_EQ(result.error_output, "err\n");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.signal, 0);
  EXPECT_FALSE(result.timed_out);
  EXPECT_FALSE(result.succeeded());
  EXPECT_TRUE(ResultOf(Shell("true")).succeeded());
}

TEST(RunChild, PassesArgumentsUntouchedByAnyShell) {
  const ChildResult result = ResultOf({.argv = {"printf", "[%s]", "a b", "", "$HOME", "*", "\"'`\\", "x\ny"},
                                       .environment = {{"PATH", kPath}},
                                       .standard_input = {},
                                       .timeout = kLong});
  EXPECT_EQ(result.output, "[a b][][$HOME][*][\"'`\\][x\ny]");
}

TEST(RunChild, EnvironmentIsExactlyWhatWasGiven) {
  ::setenv("TURNPIKE_TEST_INHERITED", "1", 1);
  const ChildResult result = ResultOf({.argv = {"/usr/bin/env", "-0"},
                                       .environment = {{"A", ""}, {"B", "x=y\nz"}},
                                       .standard_input = {},
                                       .timeout = kLong});
  ::unsetenv("TURNPIKE_TEST_INHERITED");
  EXPECT_EQ(result.output, std::string("A=\0B=x=y\nz\0", 11));
  EXPECT_EQ(ResultOf({.argv = {"/usr/bin/env"}, .environment = {}, .standard_input = {}, .timeout = kLong}).output, "");
}

TEST(RunChild, RunsInTheGivenFolder) {
  const ScratchFolder folder;
  ChildCommand command = Shell("pwd -P");
  EXPECT_EQ(ResultOf(command).output, "/\n");
  command.directory = folder.path();
  EXPECT_EQ(ResultOf(command).output, std::filesystem::canonical(folder.path()).string() + "\n");
}

TEST(RunChild, LooksForTheProgramInTheChildsOwnPath) {
  const ScratchFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder.File("tool"), "#!/bin/sh\necho found\n", 0755).ok());
  ChildCommand command{.argv = {"tool"}, .environment = {}, .standard_input = {}, .timeout = kLong};
  EXPECT_EQ(RunChild(command).status().code(), StatusCode::kNotFound);
  command.environment = {{"PATH", "/nonexistent:" + folder.path()}};
  EXPECT_EQ(ResultOf(command).output, "found\n");
  // Never from the folder it happens to run in.
  command.directory = folder.path();
  for (const char* path : {"", ".", ":", "::/nonexistent:"}) {
    command.environment = {{"PATH", path}};
    EXPECT_EQ(RunChild(command).status().code(), StatusCode::kNotFound) << path;
  }
  // A path with a slash starts from the child's folder.
  command.argv = {"./tool"};
  EXPECT_EQ(ResultOf(command).output, "found\n");
}

TEST(RunChild, TellsWhyNothingRan) {
  const ScratchFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder.File("text"), "", 0644).ok());
  ASSERT_TRUE(MakeFolders(folder.File("folder")).ok());
  const auto run = [&](const std::string& program, const std::string& directory) {
    return RunChild({.argv = {program},
                     .environment = {{"PATH", folder.path()}},
                     .directory = directory,
                     .standard_input = {},
                     .timeout = kLong})
        .status();
  };
  EXPECT_EQ(run("nonexistent", "/"),
            NotFound("cannot find the program nonexistent in PATH: No such file or directory"));
  EXPECT_EQ(run("/nonexistent", "/"), NotFound("cannot start /nonexistent: No such file or directory"));
  EXPECT_EQ(run("text", "/").code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(run("folder", "/").code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(run(folder.File("text"), "/").code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(run("/bin/true", "/nonexistent"),
            NotFound("cannot start a program in /nonexistent: No such file or directory"));
  EXPECT_EQ(run("/bin/true", folder.File("text")).code(), StatusCode::kNotFound);
  EXPECT_TRUE(HasNoChildren());
}

TEST(RunChild, RefusesWhatCannotBePassedOn) {
  using namespace std::string_literals;
  const auto code = [](std::vector<std::string> argv, std::map<std::string, std::string> environment) {
    return RunChild(
               {.argv = std::move(argv), .environment = std::move(environment), .standard_input = {}, .timeout = kLong})
        .status()
        .code();
  };
  EXPECT_EQ(code({}, {}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({""}, {}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({"/bin/true", "a\0b"s}, {}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({"/bin/true\0"s}, {}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({"/bin/true"}, {{"A", "a\0b"s}}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({"/bin/true"}, {{"A\0"s, ""}}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({"/bin/true"}, {{"A=B", ""}}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({"/bin/true"}, {{"", "x"}}), StatusCode::kInvalidArgument);
}

TEST(RunChild, MovesMuchInBothDirections) {
  std::string text;
  while (text.size() < 8U << 20U) {
    text += std::to_string(text.size()) + '\0';
  }
  ChildCommand command = Shell("exec tee /dev/stderr");
  command.standard_input = text;
  const ChildResult result = ResultOf(command);
  EXPECT_TRUE(result.succeeded());
  EXPECT_TRUE(result.output == text);
  EXPECT_TRUE(result.error_output == text);
}

TEST(RunChild, DoesNotMindAChildThatReadsNothing) {
  ChildCommand command = Shell("exit 5");
  command.standard_input = std::string(8U << 20U, 'x');
  EXPECT_EQ(ResultOf(command).exit_code, 5);
}

TEST(RunChild, StandardInputEndsWhereTheTextEnds) {
  EXPECT_EQ(ResultOf(Shell("cat; echo end")).output, "end\n");
  ChildCommand command = Shell("read first; echo \"first $first\"; cat");
  command.standard_input = "1\n2\n3\n";
  EXPECT_EQ(ResultOf(command).output, "first 1\n2\n3\n");
}

TEST(RunChild, GivesTheSignalThatEndedTheProgram) {
  const ChildResult result = ResultOf(Shell("echo last words; kill -SEGV $$"));
  EXPECT_EQ(result.signal, SIGSEGV);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output, "last words\n");
  EXPECT_FALSE(result.timed_out);
  EXPECT_FALSE(result.succeeded());
}

TEST(RunChild, KillsGrandchildrenAtTheDeadline) {
  ChildResult result;
  // On a busy machine the script may not have come to its echo.
  for (milliseconds timeout{200}; result.output.empty(); timeout *= 2) {
    ChildCommand command = Shell("trap '' TERM; sleep 1000 & echo $!; wait");
    command.timeout = timeout;
    result = ResultOf(command);
    ASSERT_TRUE(result.timed_out);
  }
  EXPECT_EQ(result.signal, SIGKILL);
  EXPECT_FALSE(result.succeeded());
  if (const std::optional<ProcessIdentity> grandchild = IdentityOf(std::stoi(result.output))) {
    EXPECT_TRUE(WaitUntilGone(*grandchild, kLong));
  }
  EXPECT_TRUE(HasNoChildren());
}

TEST(RunChild, DeadlineIsKeptWhileTheChildKeepsPrinting) {
  ChildCommand command{.argv = {"yes"}, .environment = {{"PATH", kPath}}, .standard_input = {}};
  command.timeout = milliseconds(50);
  command.output_bytes_max = size_t{64} << 30U;
  EXPECT_TRUE(ResultOf(command).timed_out);
}

TEST(RunChild, TakesTheLongestTimeThereIs) {
  ChildCommand command = Shell("echo hi");
  command.timeout = milliseconds::max();
  EXPECT_EQ(ResultOf(command).output, "hi\n");
}

TEST(RunChild, DoesNotWaitForWhatWasLeftInTheBackground) {
  const ChildResult result = ResultOf(Shell("sleep 1000 & echo $!"));
  EXPECT_TRUE(result.succeeded());
  const std::optional<ProcessIdentity> left = IdentityOf(std::stoi(result.output));
  ASSERT_TRUE(left);
  EXPECT_TRUE(SignalProcess(*left, SIGKILL).ok());
  EXPECT_TRUE(WaitUntilGone(*left, kLong));
}

TEST(RunChild, MoreOutputThanAllowedIsAnError) {
  ChildCommand command = Shell("printf 12345");
  command.output_bytes_max = 5;
  EXPECT_EQ(ResultOf(command).output, "12345");
  command.output_bytes_max = 4;
  EXPECT_EQ(RunChild(command).status(), ResourceExhausted("sh printed more than 4 bytes"));
  command = Shell("exec yes >&2");
  command.output_bytes_max = 1U << 20U;
  EXPECT_EQ(RunChild(command).status().code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(HasNoChildren());
}

TEST(RunChild, ChildBlocksAndIgnoresNoSignal) {
  sigset_t termination;
  sigset_t before;
  ::sigemptyset(&termination);
  ::sigaddset(&termination, SIGTERM);
  ::sigaddset(&termination, SIGINT);
  ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &termination, &before), 0);
  const auto pipe_before = ::signal(SIGPIPE, SIG_IGN);
  const std::string status = ResultOf({.argv = {"cat", "/proc/self/status"},
                                       .environment = {{"PATH", kPath}},
                                       .standard_input = {},
                                       .timeout = kLong})
                                 .output;
  ::signal(SIGPIPE, pipe_before);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_THAT(status, HasSubstr("SigBlk:\t0000000000000000\n"));
  // 32 and 33 belong to glibc, which ignores them in every child that posix_spawn makes.
  EXPECT_THAT(status,
              testing::AnyOf(HasSubstr("SigIgn:\t0000000000000000\n"), HasSubstr("SigIgn:\t0000000180000000\n")));
}

TEST(RunChild, ChildHasNoOtherDescriptor) {
  const FileDescriptor leaky(::open("/dev/null", O_RDONLY));  // not close-on-exec
  // 3 is the folder that ls itself reads.
  EXPECT_EQ(
      ResultOf(
          {.argv = {"ls", "/proc/self/fd"}, .environment = {{"PATH", kPath}}, .standard_input = {}, .timeout = kLong})
          .output,
      "0\n1\n2\n3\n");
}

TEST(RunChild, WorksForACallerWithoutStandardStreams) {
  const int status = WaitForFork(Fork([] {
    ::close(STDIN_FILENO);
    ::close(STDOUT_FILENO);
    ::close(STDERR_FILENO);
    ChildCommand command = Shell("cat; cat >&2; echo err >&2");
    command.standard_input = "in";
    const Result<ChildResult> result = RunChild(command);
    return result.ok() && result->output == "in" && result->error_output == "err\n" ? 0 : 1;
  }));
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(RunChild, LeavesNoDescriptorAndNoZombieBehind) {
  const auto count = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  };
  const auto before = count();
  ResultOf(Shell("true"));
  EXPECT_FALSE(RunChild({.argv = {"/nonexistent"}, .environment = {}, .standard_input = {}, .timeout = kLong}).ok());
  EXPECT_EQ(count(), before);
  EXPECT_TRUE(HasNoChildren());
}

TEST(RunChild, SaysSoWhenDescriptorsRunOut) {
  const int status = WaitForFork(Fork([] {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 4;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return static_cast<int>(RunChild(Shell("true")).status().code());
  }));
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), static_cast<int>(StatusCode::kResourceExhausted));
}

TEST(RunChild, CallsFromSeveralThreadsDoNotMix) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      for (int round = 0; round < 5; ++round) {
        ChildCommand command = Shell("cat; exit " + std::to_string(i));
        command.standard_input = std::string(100'000, static_cast<char>('a' + i));
        const ChildResult result = ResultOf(command);
        EXPECT_EQ(result.output, command.standard_input);
        EXPECT_EQ(result.exit_code, i);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_TRUE(HasNoChildren());
}

TEST(StartDetached, LeadsASessionOfItsOwn) {
  const SleepingProcess process;
  EXPECT_EQ(::getsid(process.identity().pid), process.identity().pid);
  EXPECT_EQ(::getpgid(process.identity().pid), process.identity().pid);
}

TEST(StartDetached, StaysInTheSessionWhereAskedButLeadsAGroup) {
  DetachedCommand command = DetachedShell("exec sleep 1000");
  command.new_session = false;
  const Result<ProcessIdentity> process = StartDetached(command);
  ASSERT_TRUE(process.ok()) << process.status();
  EXPECT_EQ(::getsid(process->pid), ::getsid(0));
  EXPECT_EQ(::getpgid(process->pid), process->pid);
  EXPECT_TRUE(SignalProcessGroup(*process, SIGKILL).ok());
  EXPECT_TRUE(WaitUntilGone(*process, kLong));
}

TEST(StartDetached, AppendsBothStreamsToTheirFiles) {
  const ScratchFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder.File("out"), "before\n").ok());
  ASSERT_TRUE(WriteFileAtomically(folder.File("in"), "input\n").ok());
  DetachedCommand command = DetachedShell("cat; echo err >&2; echo out; pwd; echo $A");
  command.environment["A"] = "a value";
  command.directory = "/usr";
  command.output_path = folder.File("out");
  command.error_path = folder.File("out");
  command.standard_input_path = folder.File("in");
  const Result<ProcessIdentity> process = StartDetached(command);
  ASSERT_TRUE(process.ok()) << process.status();
  EXPECT_TRUE(WaitUntilGone(*process, kLong));
  EXPECT_EQ(*ReadFile(folder.File("out")), "before\ninput\nerr\nout\n/usr\na value\n");
}

TEST(StartDetached, TellsWhyNothingRan) {
  DetachedCommand command = DetachedShell("true");
  command.argv = {"/nonexistent"};
  EXPECT_EQ(StartDetached(command).status().code(), StatusCode::kNotFound);
  command = DetachedShell("true");
  command.output_path = "/nonexistent/log";
  EXPECT_EQ(StartDetached(command).status(),
            NotFound("cannot open /nonexistent/log for a process to start: No such file or directory"));
  command = DetachedShell("true");
  command.standard_input_path = "/nonexistent";
  EXPECT_EQ(StartDetached(command).status().code(), StatusCode::kNotFound);
  EXPECT_TRUE(HasNoChildren());
}

TEST(ProcessIdentity, NamesALivingProcess) {
  const SleepingProcess process;
  EXPECT_EQ(IdentityOf(process.identity().pid), process.identity());
  EXPECT_TRUE(IsAlive(process.identity()));
  EXPECT_FALSE(WaitUntilGone(process.identity(), milliseconds(0)));
  EXPECT_FALSE(WaitUntilGone(process.identity(), milliseconds(1)));
  EXPECT_FALSE(WaitUntilGone(process.identity(), milliseconds(-1)));
}

TEST(ProcessIdentity, NoProcessHasNone) {
  EXPECT_FALSE(IdentityOf(0));
  EXPECT_FALSE(IdentityOf(-1));
  EXPECT_FALSE(IdentityOf(std::numeric_limits<int>::max()));
  const ProcessIdentity none;
  EXPECT_FALSE(IsAlive(none));
  EXPECT_TRUE(WaitUntilGone(none, kLong));
  EXPECT_EQ(SignalProcess(none, SIGKILL).code(), StatusCode::kNotFound);
  EXPECT_FALSE(SignalProcessGroup(none, 0).ok());
  EXPECT_FALSE(SignalProcessGroup({.pid = 1, .start_ticks = 0}, 0).ok());
}

TEST(ProcessIdentity, ARecycledPidIsSomebodyElse) {
  const SleepingProcess process;
  ProcessIdentity earlier = process.identity();
  --earlier.start_ticks;
  EXPECT_FALSE(IsAlive(earlier));
  EXPECT_EQ(SignalProcess(earlier, SIGKILL).code(), StatusCode::kNotFound);
  EXPECT_EQ(SignalProcessGroup(earlier, SIGKILL).code(), StatusCode::kNotFound);
  EXPECT_TRUE(WaitUntilGone(earlier, kLong));
  EXPECT_TRUE(IsAlive(process.identity()));
}

TEST(ProcessIdentity, SurvivesAProgramNameMadeToConfuse) {
  const ScratchFolder folder;
  const std::string program = folder.File(") Z 1 (");
  std::filesystem::copy_file("/bin/sleep", program);
  DetachedCommand command = DetachedShell("");
  command.argv = {program, "1000"};
  const Result<ProcessIdentity> process = StartDetached(command);
  ASSERT_TRUE(process.ok()) << process.status();
  EXPECT_EQ(IdentityOf(process->pid), *process);
  EXPECT_GT(process->start_ticks, 0U);
  EXPECT_TRUE(SignalProcess(*process, SIGKILL).ok());
  EXPECT_TRUE(WaitUntilGone(*process, kLong));
}

TEST(ProcessIdentity, AZombieIsGoneAndReapedByTheWait) {
  const Result<ProcessIdentity> process = StartDetached(DetachedShell("true"));
  ASSERT_TRUE(process.ok()) << process.status();
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(process->pid), &ended, WEXITED | WNOWAIT), 0);
  ASSERT_TRUE(ReadProcessStat(process->pid)->is_zombie());
  EXPECT_FALSE(IdentityOf(process->pid));
  EXPECT_FALSE(IsAlive(*process));
  EXPECT_EQ(SignalProcess(*process, SIGKILL).code(), StatusCode::kNotFound);
  // Looking does not reap.
  EXPECT_TRUE(ReadProcessStat(process->pid).ok());
  EXPECT_TRUE(WaitUntilGone(*process, milliseconds(0)));
  EXPECT_TRUE(HasNoChildren());
}

TEST(WaitUntilGone, ReapsItsOwnChild) {
  const Result<ProcessIdentity> process = StartDetached(DetachedShell("true"));
  ASSERT_TRUE(process.ok()) << process.status();
  EXPECT_TRUE(WaitUntilGone(*process, milliseconds::max()));
  EXPECT_TRUE(HasNoChildren());
  EXPECT_TRUE(WaitUntilGone(*process, milliseconds(0)));
}

TEST(WaitUntilGone, WaitsForProcessesOfOthersToo) {
  const ScratchFolder folder;
  Fifo fifo(folder.File("fifo"));
  const std::string script = "sleep 1000 & echo $! > " + fifo.path();
  ASSERT_TRUE(ResultOf(Shell(script)).succeeded());
  const std::optional<ProcessIdentity> orphan = IdentityOf(std::stoi(fifo.ReadLine()));
  ASSERT_TRUE(orphan);
  EXPECT_FALSE(WaitUntilGone(*orphan, milliseconds(0)));
  EXPECT_TRUE(SignalProcess(*orphan, SIGTERM).ok());
  EXPECT_TRUE(WaitUntilGone(*orphan, kLong));
}

TEST(SignalProcess, ReachesTheProcessButNotItsGroup) {
  const ScratchFolder folder;
  Fifo fifo(folder.File("fifo"));
  const Result<ProcessIdentity> leader =
      StartDetached(DetachedShell("sleep 1000 & echo $! > " + fifo.path() + "; wait"));
  ASSERT_TRUE(leader.ok()) << leader.status();
  const std::optional<ProcessIdentity> member = IdentityOf(std::stoi(fifo.ReadLine()));
  ASSERT_TRUE(member);
  EXPECT_TRUE(SignalProcess(*leader, SIGKILL).ok());
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(leader->pid), &ended, WEXITED | WNOWAIT), 0);
  EXPECT_TRUE(IsAlive(*member));
  // The leader is a zombie, so its group can still be named.
  EXPECT_TRUE(SignalProcessGroup(*leader, SIGKILL).ok());
  EXPECT_TRUE(WaitUntilGone(*member, kLong));
  EXPECT_TRUE(WaitUntilGone(*leader, kLong));
  EXPECT_EQ(SignalProcessGroup(*leader, SIGKILL).code(), StatusCode::kNotFound);
}

TEST(IsAlive, TakesAProcessForLivingWhenDescriptorsRunOut) {
  const SleepingProcess process;
  const int status = WaitForFork(Fork([&] {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 0;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    const bool careful = IsAlive(process.identity()) && !WaitUntilGone(process.identity(), milliseconds(0)) &&
                         SignalProcess(process.identity(), SIGKILL).code() == StatusCode::kResourceExhausted;
    return careful ? 0 : 1;
  }));
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_TRUE(IsAlive(process.identity()));
}

}  // namespace
}  // namespace turnpike
