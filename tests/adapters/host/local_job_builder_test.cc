#include "adapters/host/local_job_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <functional>

#include "adapters/host/shebang.h"
#include "adapters/host/wrapper_text.h"
#include "tests/adapters/host/agent_site.h"
#include "tests/adapters/host/begin_spool.h"
#include "tests/base/scratch_folder.h"

namespace turnpike {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class LocalJobBuilderTest : public testing::Test {
 protected:
  static LocalJobBuilder::Options Options() {
    LocalJobBuilder::Options options = AgentSite::BuilderOptions();
    options.map.shares[0].flags = {"--constraint"};
    options.map.shares[0].accelerators = {{"a100", "gpu:a100"}};
    options.script_name = "slurm_script";
    return options;
  }
  std::string WhyNot(const std::function<void(OrderView&)>& change) {
    OrderView order = DecodeTestOrder("true").value();
    change(order);
    const Result<LocalAccount> account = builder_.CheckOrder(order);
    EXPECT_FALSE(account.ok());
    return std::string(MessageOf(account.status()));
  }

  ScratchFolder scratch_;
  AttemptDirectories directories_ = BeginSpool(scratch_.File("spool"), kAgentSiteKey);
  LocalJobBuilder builder_{Options(), directories_};
  AttemptId id_ = *AttemptId::Parse("00112233-4455-4677-8899-aabbccddeeff");
};

TEST_F(LocalJobBuilderTest, FillsJobAndFolder) {
  OrderView order = DecodeTestOrder("echo hello").value();
  order.name = "my job";
  order.environment = {{"GREETING", "it's"}};
  order.script_arguments = {"a b"};
  order.accelerator_model = "a100";
  order.accelerators_per_node = 2;
  order.site_flags = {{"--constraint", "skylake"}};
  const Result<LocalJob> job = builder_.Prepare(id_, order);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->tag, LocalTag(id_));
  EXPECT_TRUE(IsGenuineComment(job->comment, job->tag, kAgentSiteKey));
  EXPECT_EQ(job->display_name, "my job");
  EXPECT_EQ(job->account.local_user, OwnUser());
  EXPECT_EQ(job->accelerator_resource, "gpu:a100");
  EXPECT_EQ(job->tasks, 1);
  EXPECT_THAT(job->wrapper, StartsWith("#!/bin/sh\ntp_directory='" + job->directory + "'\n"));
  EXPECT_EQ(job->wrapper.find(GuardSecret(id_, kAgentSiteKey)), std::string::npos)
      << "the batch script may be readable";
  const AttemptDirectory directory = directories_.Find(id_).value();
  EXPECT_EQ(directory.ReadFile("slurm_script").value(), order.script);
  EXPECT_EQ(directory.ReadFile("environment").value(), "export GREETING='it'\\''s'\n");
  const std::string settings = directory.ReadFile("settings").value();
  EXPECT_THAT(settings, HasSubstr("tp_guard='guard-" + GuardSecret(id_, kAgentSiteKey) + "'\n"));
  EXPECT_THAT(settings, HasSubstr("set -- '/bin/sh' '" + directory.PathOf("slurm_script") + "' 'a b'\n"));
  EXPECT_THAT(settings, testing::EndsWith("tp_complete=yes\n"));
  EXPECT_TRUE(builder_.Prepare(id_, order).ok()) << "it may be repeated";
}

TEST_F(LocalJobBuilderTest, TellsTheJobItsTraceUnlessTheJobSaysOtherwise) {
  OrderView order = DecodeTestOrder("true").value();
  order.trace = {.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", .request_id = "r-1"};
  ASSERT_TRUE(builder_.Prepare(id_, order).ok());
  const AttemptDirectory directory = directories_.Find(id_).value();
  const std::string told =
      "export TRACEPARENT='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'\nexport "
      "TURNPIKE_REQUEST_ID='r-1'\n";
  EXPECT_EQ(directory.ReadFile("environment").value(), told);
  order.environment = {{"TRACEPARENT", "own"}};
  ASSERT_TRUE(builder_.Prepare(id_, order).ok());
  EXPECT_EQ(directory.ReadFile("environment").value(), told + "export TRACEPARENT='own'\n");
}

TEST_F(LocalJobBuilderTest, DescribingTouchesNothing) {
  ASSERT_TRUE(builder_.Describe(id_, DecodeTestOrder("true").value()).ok());
  EXPECT_FALSE(directories_.Find(id_).ok());
}

TEST_F(LocalJobBuilderTest, RefusalsSayWhatIsWrong) {
  EXPECT_THAT(WhyNot([](OrderView& order) { order.share = "x"; }), HasSubstr("no share 'x'"));
  EXPECT_THAT(WhyNot([](OrderView& order) { order.script = "echo"; }), HasSubstr("first line"));
  EXPECT_THAT(WhyNot([](OrderView& order) { order.script = "#!bash\n"; }), HasSubstr("absolute path"));
  EXPECT_THAT(WhyNot([](OrderView& order) { order.script = "#!/bin/bash\r\n"; }), HasSubstr("DOS"));
  EXPECT_THAT(WhyNot([](OrderView& order) { order.script.clear(); }), HasSubstr("neither a script nor a command"));
  EXPECT_THAT(WhyNot([](OrderView& order) { order.script += std::string("\0x", 2); }), HasSubstr("NUL"));
  EXPECT_THAT(WhyNot([](OrderView& order) { order.script.resize((1 << 20) + 1, 'x'); }), HasSubstr("larger"));
  EXPECT_THAT(WhyNot([](OrderView& order) {
                order.environment = {{"A", std::string(1 << 18, 'x')}};
              }),
              HasSubstr("larger"));
  EXPECT_THAT(WhyNot([](OrderView& order) { order.time_limit = {}; }), HasSubstr("time limit"));
  EXPECT_THAT(WhyNot([](OrderView& order) { order.nodes = -1; }), HasSubstr("negative"));
  EXPECT_THAT(WhyNot([](OrderView& order) { order.name = "a\nb"; }), HasSubstr("control characters"));
  EXPECT_THAT(WhyNot([](OrderView& order) { order.working_directory = "rel"; }), HasSubstr("absolute"));
  EXPECT_THAT(WhyNot([](OrderView& order) {
                order.site_flags = {{"--constraint", "a\nb"}};
              }),
              HasSubstr("--constraint"));
  EXPECT_THAT(WhyNot([](OrderView& order) { order.accelerators_per_node = 1, order.accelerator_model = "h100"; }),
              HasSubstr("h100"));
}

TEST_F(LocalJobBuilderTest, AMissingLocalUserIsARefusal) {
  LocalJobBuilder::Options options = Options();
  options.own_user = "no-such-user-here";
  const LocalJobBuilder builder(options, directories_);
  const Status status = builder.CheckOrder(DecodeTestOrder("true").value()).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("no-such-user-here"));
}

TEST(Environment, WhatIsNotTheJobsToSetIsRefused) {
  for (const char* name :
       {"LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "ENV", "IFS", "SLURM_JOB_ID", "SBATCH_ACCOUNT", "PBS_O_HOST",
        "SGE_ROOT", "LSB_QUEUE", "BASH_FUNC_ls", "HOME", "1A", "A-B", "", "A=B", "A B", "A\n"}) {
    EXPECT_EQ(CheckEnvironmentVariable(name, "x").code(), StatusCode::kInvalidArgument) << name;
  }
  EXPECT_FALSE(CheckEnvironmentVariable("A", std::string("a\0b", 3)).ok());
  for (const char* name : {"A", "_x", "OMP_NUM_THREADS", "PATH", "ENVIRONMENT", "LDFLAGS"}) {
    EXPECT_TRUE(CheckEnvironmentVariable(name, "a'b\n$(x)").ok()) << name;
  }
}

TEST(Shebang, IsReadAsTheKernelReadsIt) {
  EXPECT_THAT(InterpreterOf("#!/bin/bash\necho").value(), ElementsAre("/bin/bash"));
  EXPECT_THAT(InterpreterOf("#! /usr/bin/env  python3 -u \n").value(), ElementsAre("/usr/bin/env", "python3 -u"));
  EXPECT_THAT(InterpreterOf("#!/bin/sh").value(), ElementsAre("/bin/sh"));
  EXPECT_FALSE(InterpreterOf("").ok());
  EXPECT_FALSE(InterpreterOf("#!\n").ok());
}

TEST(ShellQuote, LeavesNothingToTheShell) {
  EXPECT_EQ(ShellQuote(""), "''");
  EXPECT_EQ(ShellQuote("a'b$(c)"), "'a'\\''b$(c)'");
}

}  // namespace
}  // namespace turnpike
