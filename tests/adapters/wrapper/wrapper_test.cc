// The wrapper under both shells that /bin/sh is on real nodes.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "tests/adapters/wrapper/wrapper_run.h"

namespace turnpike {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class Wrapper : public testing::TestWithParam<WrapperRun::Shell> {
 protected:
  WrapperRun run_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Shells, Wrapper,
                         testing::Values(WrapperRun::Shell{"dash"}, WrapperRun::Shell{"bash", "--posix"}),
                         [](const auto& shell) { return shell.param.front(); });

TEST_P(Wrapper, RunsTheScriptAndEndsAsItDid) {
  run_.UseScript("echo \"$0|$1|$2\"; exit 7\n", {"/bin/bash"}, {"a b", "it's"});
  const ChildResult result = run_.Run();
  EXPECT_EQ(result.exit_code, 7) << result.error_output;
  EXPECT_EQ(result.output, run_.File("slurm_script") + "|a b|it's\n");
  EXPECT_THAT(result.error_output, IsEmpty());
  EXPECT_EQ(run_.Record().exit_code, 7);
  EXPECT_LE(run_.Record().start_time, run_.Record().end_time);
}

TEST_P(Wrapper, LeavesAStartRecordThatNamesTheLocalJob) {
  run_.environment()["SLURM_JOB_ID"] = "4711";
  run_.UseCommand({"true"});
  EXPECT_EQ(run_.Run().exit_code, 0);
  const Result<StartRecord> record = ParseStartRecord(run_.Read("start"), WrapperRun::tag());
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->local_job_id, "4711");
  EXPECT_EQ(run_.Record().local_job_id, "4711");
}

// The signals 1 to 31 in a line of /proc/self/status; the C library keeps 32 and 33 for itself.
unsigned long SignalsIn(const std::string& status, const std::string& line) {
  const size_t at = status.find(line + ":");
  CHECK(at != std::string::npos);
  return std::stoul(status.substr(at + line.size() + 1), nullptr, 16) & 0x7FFFFFFFUL;
}

TEST_P(Wrapper, ProgramIgnoresNoSignalAndBlocksNone) {
  run_.UseCommand({"cat", "/proc/self/status"});
  const ChildResult result = run_.Run();
  EXPECT_EQ(SignalsIn(result.output, "SigIgn"), 0U);
  EXPECT_EQ(SignalsIn(result.output, "SigBlk"), 0U);
}

// A node with old coreutils, whose env has no --default-signal; `helper` is what else could be used there.
void UseOldNode(WrapperRun& run, const std::string& helper) {
  const std::string tools = run.home() + "/tools";
  CHECK(MakeFolders(tools).ok());
  for (const std::string name : {"bash", "cat", "cksum", "date", "ln", "mv", "rm", "sh", "sync", "uname"}) {
    std::filesystem::create_symlink(fmt::format("/usr/bin/{}", name), fmt::format("{}/{}", tools, name));
  }
  if (!helper.empty()) {
    std::filesystem::create_symlink("/usr/bin/" + helper, tools + "/" + helper);
  }
  CHECK(WriteFileAtomically(tools + "/env", "#!/bin/sh\nexit 125\n", 0755).ok());
  run.AddToSettings("tp_path='" + tools + "'");
}

TEST_P(Wrapper, ProgramIgnoresNoSignalOnOldNodes) {
  for (const std::string helper : {"perl", "python3"}) {
    ASSERT_EQ(::access(("/usr/bin/" + helper).c_str(), X_OK), 0) << "this test needs " << helper;
    WrapperRun run(GetParam());
    UseOldNode(run, helper);
    run.UseCommand({"cat", "/proc/self/status"});
    EXPECT_EQ(SignalsIn(run.Run().output, "SigIgn"), 0U) << helper;
  }
}

TEST_P(Wrapper, RunsEvenWhereNothingCanUndoIgnoredSignals) {
  UseOldNode(run_, "");
  run_.UseCommand({"cat", "/proc/self/status"});
  const ChildResult result = run_.Run();
  EXPECT_EQ(result.exit_code, 0);
  // SIGINT and SIGQUIT, which only dash leaves ignored: what the tests above are about.
  EXPECT_EQ(SignalsIn(result.output, "SigIgn"), GetParam().front() == "dash" ? 6U : 0U);
}

TEST_P(Wrapper, ProgramReadsFromNowhereAndHasNoOtherFiles) {
  run_.UseCommand({"sh", "-c", "readlink /proc/self/fd/0; ls /proc/self/fd"});
  EXPECT_EQ(run_.Run().output, "/dev/null\n0\n1\n2\n3\n");  // 3: the folder that ls itself reads
}

TEST_P(Wrapper, ProgramIsInTheWrappersProcessGroup) {
  run_.UseScript("cut -d' ' -f5 /proc/$$/stat /proc/$PPID/stat | uniq | wc -l\n", {"/bin/bash"});
  EXPECT_EQ(run_.Run().output, "1\n");
}

TEST_P(Wrapper, DoesNotStartASecondTime) {
  run_.UseScript("echo ran\n", {"/bin/bash"});
  EXPECT_EQ(run_.Run().output, "ran\n");
  const std::string record = run_.Read("exit");
  const ChildResult again = run_.RunAgain();
  EXPECT_EQ(again.exit_code, 86);
  EXPECT_THAT(again.output, IsEmpty());
  EXPECT_THAT(again.error_output, HasSubstr("not started a second time"));
  EXPECT_EQ(run_.Read("exit"), record);
}

TEST_P(Wrapper, DoesNotStartWhereTheAgentHasTheGuard) {
  run_.UseScript("echo ran\n", {"/bin/bash"});
  run_.Write("guard-secret", "agent made this\n");
  EXPECT_EQ(run_.Run().exit_code, 86);
  EXPECT_FALSE(run_.Exists("start"));
}

TEST_P(Wrapper, OfManyAtOnceExactlyOneStarts) {
  run_.UseScript("echo ran >> count\n", {"/bin/bash"});
  run_.Prepare();
  std::vector<std::thread> threads;
  std::vector<int> codes(8);
  for (int& code : codes) {
    threads.emplace_back([&] { code = run_.RunAgain().exit_code; });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(std::count(codes.begin(), codes.end(), 0), 1);
  EXPECT_EQ(std::count(codes.begin(), codes.end(), 86), 7);
  EXPECT_EQ(run_.Read("work/count"), "ran\n");
}

TEST_P(Wrapper, WithoutItsFolderNothingStarts) {
  run_.UseScript("echo ran\n", {"/bin/bash"});
  run_.Prepare();
  std::filesystem::remove_all(run_.folder());
  const ChildResult result = run_.RunAgain();
  EXPECT_EQ(result.exit_code, 87);
  EXPECT_THAT(result.output, IsEmpty());
}

TEST_P(Wrapper, WithSettingsCutOffNothingStarts) {
  run_.UseScript("echo ran\n", {"/bin/bash"});
  run_.Prepare();
  const std::string settings = run_.Read("settings");
  run_.Write("settings", settings.substr(0, settings.rfind("tp_complete")));
  EXPECT_EQ(run_.RunAgain().exit_code, 87);
  EXPECT_FALSE(run_.Exists("guard-secret"));
}

TEST_P(Wrapper, AProgramThatIsNotThereIsCode127WithARecord) {
  run_.UseCommand({"/no/such/program"});
  EXPECT_EQ(run_.Run().exit_code, 127);
  EXPECT_EQ(run_.Record().exit_code, 127);
}

TEST_P(Wrapper, GivesDirectoryUmaskNamesAndUserBack) {
  run_.environment()["SLURM_JOB_NAME"] = WrapperRun::tag();
  run_.environment()["SLURM_EXPORT_ENV"] = "NONE";
  run_.environment()["SLURM_JOB_NODELIST"] = "n[1-2]";
  run_.UseScript(
      "pwd; umask; echo \"$SLURM_JOB_NAME|${SLURM_EXPORT_ENV-unset}|$SLURM_JOB_NODELIST|$HOME|$USER|$LOGNAME|$SHELL\"\n"
      "set | grep -c -e ^tp_ -e ^TURNPIKE_LAUNCH\n",
      {"/bin/bash"});
  run_.Prepare();
  ChildCommand command = run_.Command();
  command.argv = {"sh", "-c", "umask 027; exec \"$@\"", "sh"};
  for (const std::string& argument : run_.Command().argv) {
    command.argv.push_back(argument);
  }
  const Result<ChildResult> result = RunChild(command);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->output,
            run_.File("work") + "\n0027\nmy job|unset|n[1-2]|" + run_.home() + "|ada|ada|/bin/bash\n0\n");
}

TEST_P(Wrapper, VariablesArriveByteForByte) {
  const std::string value = "a'b\"c$(touch hacked)`id`\\ \n;*?~\xC3\xA9 ";
  run_.AddVariable("VALUE", value);
  run_.AddVariable("EMPTY", "");
  run_.UseCommand({"sh", "-c", "printf '%s|%s' \"$VALUE\" \"${EMPTY-unset}\""});
  EXPECT_EQ(run_.Run().output, value + "|");
  EXPECT_FALSE(std::filesystem::exists(run_.File("work/hacked")));
}

TEST_P(Wrapper, AWorkingDirectoryThatIsNotThereIsSaidAndFails) {
  run_.settings().working_directory = "/no/such/folder";
  run_.UseCommand({"echo", "ran"});
  const ChildResult result = run_.Run();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, IsEmpty());
  EXPECT_THAT(result.error_output, HasSubstr("/no/such/folder cannot be entered"));
}

// --- The environment's beginning.

constexpr char kModuleProfile[] =
    "echo noise from the profile\n"
    "module() { LOADED=$1; export LOADED; }\n"
    "[ -z \"$BASH_VERSION\" ] || export -f module\n"
    "FROM_PROFILE=yes; export FROM_PROFILE\n";

class WrapperProfile : public Wrapper {
 protected:
  void SetUp() override {
    for (const char* name : {"/.profile", "/site-init"}) {
      CHECK(WriteFileAtomically(run_.home() + name, kModuleProfile).ok());
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Shells, WrapperProfile,
                         testing::Values(WrapperRun::Shell{"dash"}, WrapperRun::Shell{"bash", "--posix"}),
                         [](const auto& shell) { return shell.param.front(); });

TEST_P(WrapperProfile, ModuleWorksInBashScriptsAndNoNoiseIsHeard) {
  run_.settings().environment = EnvironmentMode::kLogin;
  run_.UseScript("module $1 && echo \"$LOADED $FROM_PROFILE $0\"\n", {"/bin/bash"}, {"gcc"});
  EXPECT_EQ(run_.Run().output, "gcc yes " + run_.File("slurm_script") + "\n");
}

TEST_P(WrapperProfile, ModuleWorksInShScriptsToo) {
  run_.settings().environment = EnvironmentMode::kLogin;
  run_.UseScript("module $1 && echo \"$LOADED $FROM_PROFILE $0 $#\"; exit 9\n", {"/bin/sh"}, {"gcc", "x y"});
  const ChildResult result = run_.Run();
  EXPECT_EQ(result.output, "gcc yes " + run_.File("slurm_script") + " 2\n") << result.error_output;
  EXPECT_EQ(result.exit_code, 9);
}

TEST_P(WrapperProfile, TheJobsOwnVariablesWinOverTheProfiles) {
  run_.settings().environment = EnvironmentMode::kLogin;
  run_.AddVariable("FROM_PROFILE", "no");
  run_.UseCommand({"sh", "-c", "echo $FROM_PROFILE"});
  EXPECT_EQ(run_.Run().output, "no\n");
}

TEST_P(WrapperProfile, CleanReadsNoProfile) {
  run_.UseScript("echo \"${FROM_PROFILE-unset}\"\n", {"/bin/bash"});
  EXPECT_EQ(run_.Run().output, "unset\n");
}

TEST_P(WrapperProfile, TheSitesInitFileIsReadInstead) {
  for (const char* interpreter : {"/bin/bash", "/bin/sh"}) {
    WrapperRun run(GetParam());
    run.settings().environment = EnvironmentMode::kInitFile;
    run.settings().init_file = run_.home() + "/site-init";
    run.UseScript("module gcc && echo \"$LOADED $FROM_PROFILE\"\n", {interpreter});
    EXPECT_EQ(run.Run().output, "gcc yes\n") << interpreter;
  }
}

// --- Signals.

TEST_P(Wrapper, HandsEverySignalOnAndOutlivesTheProgram) {
  run_.UseScript(
      "for s in TERM INT HUP USR1 USR2 TSTP CONT; do trap \"echo $s >> seen; : > seen.$s\" $s; done\n"
      ": > ready\n"
      "while [ ! -e stop ]; do sleep 0.01; done; exit 5\n",
      {"/bin/bash"});
  const ProcessIdentity wrapper = run_.Start();
  ASSERT_TRUE(Eventually([&] { return run_.Exists("work/ready"); }));
  for (const auto& [number, name] : std::map<int, std::string>{{SIGTERM, "TERM"},
                                                               {SIGTSTP, "TSTP"},
                                                               {SIGCONT, "CONT"},
                                                               {SIGINT, "INT"},
                                                               {SIGHUP, "HUP"},
                                                               {SIGUSR1, "USR1"},
                                                               {SIGUSR2, "USR2"}}) {
    ASSERT_TRUE(SignalProcess(wrapper, number).ok());
    EXPECT_TRUE(Eventually([&] { return run_.Exists("work/seen." + name); })) << name;
  }
  run_.Write("work/stop", "");
  ASSERT_TRUE(WaitUntilGone(wrapper, std::chrono::seconds(30)));
  EXPECT_EQ(run_.Record().exit_code, 5) << run_.Read("stderr");
  EXPECT_EQ(run_.Read("work/seen"), "HUP\nINT\nUSR1\nUSR2\nTERM\nCONT\nTSTP\n");
}

TEST_P(Wrapper, AStormOfSignalsDoesNotSpoilTheExitCode) {
  run_.UseScript("trap : USR1 USR2 HUP\n: > ready\nwhile [ ! -e stop ]; do sleep 0.01; done; exit 42\n", {"/bin/bash"});
  const ProcessIdentity wrapper = run_.Start();
  ASSERT_TRUE(Eventually([&] { return run_.Exists("work/ready"); }));
  run_.Write("work/stop", "");
  // Goes on until it is over, so that some of them meet the program's end.
  while (SignalProcess(wrapper, SIGUSR1).ok() && SignalProcess(wrapper, SIGHUP).ok()) {
    WaitUntilGone(wrapper, std::chrono::milliseconds(1));
  }
  ASSERT_TRUE(WaitUntilGone(wrapper, std::chrono::seconds(30)));
  EXPECT_EQ(run_.Record().exit_code, 42) << run_.Read("exit") << run_.Read("stderr");
}

TEST_P(Wrapper, AProgramKilledByASignalIsRecordedAsSuch) {
  run_.UseScript(": > ready; exec sleep 1000\n", {"/bin/bash"});
  const ProcessIdentity wrapper = run_.Start();
  ASSERT_TRUE(Eventually([&] { return run_.Exists("work/ready"); }));
  ASSERT_TRUE(SignalProcess(wrapper, SIGTERM).ok());
  ASSERT_TRUE(WaitUntilGone(wrapper, std::chrono::seconds(30)));
  EXPECT_EQ(run_.Record().exit_signal, SIGTERM);
  EXPECT_FALSE(run_.Record().exit_code.has_value());
  EXPECT_THAT(run_.Read("stderr"), IsEmpty());
}

TEST_P(Wrapper, ASignalToTheWholeGroupIsSurvivedByTheRecord) {
  run_.UseScript(": > ready; exec sleep 1000\n", {"/bin/bash"});
  const ProcessIdentity wrapper = run_.Start();
  ASSERT_TRUE(Eventually([&] { return run_.Exists("work/ready"); }));
  ASSERT_TRUE(SignalProcessGroup(wrapper, SIGTERM).ok());
  ASSERT_TRUE(WaitUntilGone(wrapper, std::chrono::seconds(30)));
  EXPECT_EQ(run_.Record().exit_signal, SIGTERM);
}

TEST_P(Wrapper, ChildTimesAreRecorded) {
  run_.UseScript("i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done\n", {"/bin/bash"});
  EXPECT_EQ(run_.Run().exit_code, 0);
  EXPECT_GT(run_.Record().cpu_user.count() + run_.Record().cpu_system.count(), 0) << run_.Read("exit");
}

}  // namespace
}  // namespace turnpike
