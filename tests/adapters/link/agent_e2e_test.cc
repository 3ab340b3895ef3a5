// The program turnpike-agent, with its process scheduler, against a broker that does what the test says.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <cstdlib>

#include "base/child_process.h"
#include "base/error_reason.h"
#include "base/file_descriptor.h"
#include "base/file_sync.h"
#include "base/grpc/error_details.h"
#include "base/spawn.h"
#include "tests/adapters/link/desired_attempts.h"
#include "tests/adapters/link/enroll_service.h"
#include "tests/adapters/link/fake_broker.h"
#include "tests/contracts/eventually.h"

namespace turnpike {
namespace {

using testing::HasSubstr;

std::string AgentProgram() {
  const char* folder = std::getenv("TURNPIKE_BINARY_DIR");
  CHECK(folder != nullptr);
  return std::string(folder) + "/bin/turnpike-agent";
}

class Agent : public testing::Test {
 protected:
  Agent() { WriteConfig(broker_.address()); }
  ~Agent() override {
    if (pid_ != 0) {
      ::kill(pid_, SIGKILL);
      Wait();
    }
  }

  void WriteConfig(const std::string& address) {
    const std::string text = fmt::format(
        "broker: {}\ndata_directory: {}\nspool_directory: {}\n"
        "scheduler: {{kind: process, poll_seconds: 1, process: {{cores: 4, memory_mib: 1024}}}}\n"
        "shares: [{{name: main, environment: clean}}]\naccounts: [{{project: \"*\"}}]\n",
        address, data(), folder_.File("spool"));
    CHECK(WriteFileAtomically(config(), text).ok());
  }
  std::string config() const { return folder_.File("agent.yaml"); }
  std::string data() const { return folder_.File("data"); }
  void EnrollByHand() {
    CHECK(MakeFolders(data(), 0700).ok());
    certificates_.Enroll(IdentityStore(data()), certificates_.now());
  }

  // One subcommand to its end.
  ChildResult Run(std::vector<std::string> arguments, const std::string& standard_input = "") {
    ChildCommand command;
    command.argv = {AgentProgram()};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.argv.insert(command.argv.end(), {"--config", config()});
    command.environment = {{"PATH", "/usr/bin:/bin"}};
    command.standard_input = standard_input;
    const Result<ChildResult> result = RunChild(command);
    CHECK(result.ok());
    return *result;
  }
  // `run`, in the background.
  void Start() {
    const FileDescriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const FileDescriptor log(::open(folder_.File("log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    const Result<int> pid = Spawn({.argv = {AgentProgram(), "run", "--config", config()},
                                   .environment = {{"PATH", "/usr/bin:/bin"}},
                                   .directory = "/",
                                   .streams = {.input = null.number(), .output = log.number(), .error = log.number()}});
    CHECK(pid.ok());
    pid_ = *pid;
  }
  // The exit code, or 1000 + the signal.
  int Wait() {
    int status = 0;
    CHECK(::waitpid(pid_, &status, 0) == pid_);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }
  int Stop() {
    ::kill(pid_, SIGTERM);
    return Wait();
  }
  std::string Log() { return ReadFile(folder_.File("log")).value_or(""); }

  TestCertificates certificates_;
  ScratchFolder folder_;
  FakeBroker broker_{certificates_};
  int pid_ = 0;
};

TEST_F(Agent, EnrollsWithATokenOnStandardInputThenConnects) {
  EnrollService service(certificates_);
  EXPECT_EQ(Run({"run"}).exit_code, 3) << "not enrolled yet";
  const ChildResult enrolled = Run({"enroll", "--broker", service.address(), "--ca-fingerprint",
                                    certificates_.authority().ca_fingerprint(), "--token-file", "-"},
                                   std::string(kToken) + "\n");
  ASSERT_EQ(enrolled.exit_code, 0) << enrolled.error_output;
  EXPECT_THAT(enrolled.output, HasSubstr("enrolled as site alpha"));
  Start();
  EXPECT_EQ(broker_.Session(0).WaitForHello().protocol_max(), 1) << Log();
  EXPECT_EQ(Stop(), 0) << Log();
}

TEST_F(Agent, SaysThatItsTokenIsRefused) {
  EnrollService service(certificates_);
  const ChildResult refused = Run({"enroll", "--broker", service.address(), "--ca-fingerprint",
                                   certificates_.authority().ca_fingerprint(), "--token-file", "-"},
                                  "another");
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.error_output, HasSubstr("the token is unknown"));
}

TEST_F(Agent, RunsAJobAndSendsItsOutputBeforeItsEnd) {
  EnrollByHand();
  Start();
  FakeSession& session = broker_.Session(0);
  session.Send(WelcomeOf({.desired = {Offer(1)}}));
  ASSERT_EQ(session.WaitForReports(1).size(), 1U) << Log();
  session.Want(Go(1));
  ASSERT_TRUE(Eventually([&] { return HoldsFact(session.Reports(), v1::Report::kEnded); })) << Log();
  const v1::Ended ended = FindFact(session.Reports(), v1::Report::kEnded).ended();
  EXPECT_EQ(ended.cause(), v1::END_CAUSE_PROGRAM_ENDED);
  EXPECT_EQ(ended.exit_code(), 0);
  const std::vector<v1::SendLogRequest> logs = broker_.logs();
  ASSERT_EQ(logs.size(), 2U);
  EXPECT_EQ(logs[0].data(), "hello\n");
  EXPECT_EQ(logs[1].data(), "oops\n");
}

// The program runs once, whatever happens to the agent meanwhile.
TEST_F(Agent, AKilledAgentsSuccessorFollowsTheRunningJob) {
  EnrollByHand();
  Start();
  FakeSession& first = broker_.Session(0);
  const std::string runs = folder_.File("runs");
  const std::string gate = folder_.File("gate");
  first.Send(WelcomeOf(
      {.epoch = 1,
       .desired = {Offer(1, fmt::format("echo run >>{}; until [ -e {} ]; do sleep 0.1; done; exit 7", runs, gate))}}));
  ASSERT_EQ(first.WaitForReports(1).size(), 1U) << Log();
  first.Want(Go(1));
  ASSERT_TRUE(Eventually([&] { return HoldsFact(first.Reports(), v1::Report::kStarted); })) << Log();
  EXPECT_THAT(Run({"jobs"}).output, HasSubstr(AttemptText(1)));
  ::kill(pid_, SIGKILL);
  EXPECT_EQ(Wait(), 1000 + SIGKILL);
  Start();
  FakeSession& second = broker_.Session(1);
  EXPECT_EQ(second.WaitForHello().attempts_size(), 1);
  ASSERT_TRUE(WriteFileAtomically(gate, "").ok());
  second.Send(WelcomeOf({.epoch = 2, .desired = {Go(1)}}));
  ASSERT_TRUE(Eventually([&] { return HoldsFact(second.Reports(), v1::Report::kEnded); })) << Log();
  EXPECT_EQ(FindFact(second.Reports(), v1::Report::kEnded).ended().exit_code(), 7);
  EXPECT_EQ(ReadFile(runs).value_or(""), "run\n");
}

TEST_F(Agent, EndsWithACodeOfItsOwnWhenAnotherAgentTookOver) {
  EnrollByHand();
  Start();
  FakeSession& session = broker_.Session(0);
  session.Send(WelcomeOf({}));
  session.End(WithReason(Aborted("site alpha has a newer session"), ErrorReason::kSessionReplaced));
  EXPECT_EQ(Wait(), 4) << Log();
  EXPECT_THAT(Log(), HasSubstr("site alpha has a newer session"));
}

TEST_F(Agent, LetsAnOperatorEndAJobWithoutTheBroker) {
  EnrollByHand();
  Start();
  FakeSession& session = broker_.Session(0);
  session.Send(WelcomeOf({.desired = {Offer(1, "sleep 600")}}));
  ASSERT_EQ(session.WaitForReports(1).size(), 1U) << Log();
  session.Want(Go(1));
  ASSERT_TRUE(Eventually([&] { return HoldsFact(session.Reports(), v1::Report::kStarted); })) << Log();
  const ChildResult cancelled = Run({"cancel", AttemptText(1)});
  EXPECT_EQ(cancelled.exit_code, 0) << cancelled.error_output;
  EXPECT_TRUE(Eventually([&] { return HoldsFact(session.Reports(), v1::Report::kEnded); })) << Log();
  EXPECT_EQ(Run({"cancel", "nonsense"}).exit_code, 1);
}

TEST_F(Agent, ChecksItsSiteAlsoWhileItRuns) {
  EnrollByHand();
  Start();
  broker_.Session(0).WaitForHello();
  const ChildResult good = Run({"check"});
  EXPECT_EQ(good.exit_code, 0) << good.output << good.error_output;
  EXPECT_THAT(good.output, HasSubstr("ok    the broker can be reached"));
  EXPECT_THAT(good.output, HasSubstr("ok    share main takes jobs"));
  WriteConfig("127.0.0.1:1");
  const ChildResult bad = Run({"check"});
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.output, HasSubstr("FAIL  the broker can be reached"));
  EXPECT_THAT(bad.output, HasSubstr("to do: "));
}

TEST_F(Agent, ShowsWhatItWouldRunAndRunsNothing) {
  const ChildResult shown = Run({"show-command", "--order", "-"},
                                R"({"job_id":"01890a5d-ac96-774b-bcce-b302099a8057","share":"main","user":"ada",)"
                                R"("time_limit":"60s","spec":{"command":{"arguments":["/bin/true"]}}})");
  EXPECT_EQ(shown.exit_code, 0) << shown.error_output;
  EXPECT_THAT(shown.output, HasSubstr("'/bin/sh'"));
  EXPECT_THAT(shown.output, HasSubstr("#!/bin/sh"));
  EXPECT_EQ(Run({"show-command", "--order", "-"}, R"({"job_id":"x"})").exit_code, 1);
}

TEST_F(Agent, TellsWrongUseFromFailure) {
  EXPECT_EQ(Run({"no-such-command"}).exit_code, 2);
  EXPECT_EQ(Run({"cancel"}).exit_code, 2);
  ASSERT_TRUE(WriteFileAtomically(config(), "broker: x\nunknown_key: 1\n").ok());
  EXPECT_EQ(Run({"jobs"}).exit_code, 1);
  EXPECT_THAT(Run({"check"}).output, HasSubstr("FAIL  configuration"));
}

}  // namespace
}  // namespace turnpike
