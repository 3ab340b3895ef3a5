// The whole road with a real Slurm at its end.  Needs root and the packages of `deploy/packages slurm`; without them
// these tests fail, and say so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <regex>

#include "base/file_sync.h"
#include "tests/e2e/slurm_site.h"

namespace turnpike {
namespace {

constexpr char kJobName[] = "payload";
constexpr std::chrono::minutes kEndTime{4};

class SlurmJob : public SlurmSite {
 protected:
  // Its accounting may take its time: whether it has the last word is what these tests ask.
  void SetUp() override {
    StartAll({.local_site = true, .accounting = SlurmLab::Accounting::kYes, .usage_wait = std::chrono::minutes(1)});
  }
};

TEST_F(SlurmJob, GoesToTheCheaperCenterWithoutNamingItAndIsBilled) {
  const Result<std::string> job_id = federation_->Submit(federation_->payload().Job(kJobName));
  ASSERT_TRUE(job_id.ok()) << MessageOf(job_id.status());
  const Result<v1::Job> job = federation_->WaitForEnd(*job_id, kEndTime);
  ASSERT_TRUE(job.ok()) << MessageOf(job.status());
  EXPECT_EQ(job->state(), v1::JOB_STATE_COMPLETED) << job->ShortDebugString();
  EXPECT_EQ(job->site(), "cluster");
  EXPECT_NE(job->local_job_id(), "");
  EXPECT_GT(ChargedMicros(*job), 0) << job->ShortDebugString();
  EXPECT_FALSE(job->money().provisional()) << "Slurm's own accounting has the last word: " << job->ShortDebugString();
  EXPECT_EQ(federation_->payload().Runs()[kJobName].ends, 1);
  ExpectSound();
}

// As a researcher has it; {} is where the test keeps its modulefile.  Slurm looks for signals to send twice a minute,
// and sends one that would be due before its next look: this one comes half a minute after the start or up to half a
// minute later, when the trap stands on the slowest machine.
constexpr char kScript[] = R"sh(#!/bin/bash
#SBATCH --job-name=checkpointer
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=2
#SBATCH --mem=200M
#SBATCH --time=2
#SBATCH --signal=B:USR1@60

stop=
checkpoint() {{ echo "USR1 came: writing a checkpoint"; stop=yes; }}
trap checkpoint USR1

module use {}
module load greeting/1.0
echo "module: $GREETING"
echo "script: ${{0##*/}}, arguments: $#"
echo "job $SLURM_JOB_ID is $SLURM_JOB_NAME in $SLURM_JOB_PARTITION on $SLURM_JOB_NODELIST"
echo "nodes $SLURM_JOB_NUM_NODES, tasks $SLURM_NTASKS, cpus a task $SLURM_CPUS_PER_TASK, memory $SLURM_MEM_PER_NODE"
echo "user $USER, home $HOME, shell $SHELL, umask $(umask)"
echo "traps: $(trap -p TERM INT HUP)"
srun sh -c 'echo "step $SLURM_STEP_ID, rank $SLURM_PROCID of $SLURM_NPROCS on $(hostname), $GREETING"'
echo "srun ended with $?"
for try in $(seq 600); do
  [ -z "$stop" ] || break
  sleep 0.2
done
echo "started at $(date +%H:%M:%S)"
exit 7
)sh";

// Ids, times and node names may differ.
std::string WithoutNumbers(std::string output) {
  output = std::regex_replace(output, std::regex("job [0-9]+ is"), "job N is");
  return std::regex_replace(output, std::regex("[0-9][0-9]:[0-9][0-9]:[0-9][0-9]"), "TIME");
}

TEST_F(SlurmJob, WritesWhatSbatchWritesForTheSameScript) {
  const std::string modules = federation_->Path("modules");
  ExpectOk(MakeFolders(modules + "/greeting"));
  ExpectOk(WriteFileAtomically(modules + "/greeting/1.0", "#%Module1.0\nsetenv GREETING {hello from a module}\n"));
  const std::string script_path = federation_->Path("job.sh");
  ExpectOk(WriteFileAtomically(script_path, fmt::format(kScript, modules)));

  // Both at once: each waits for its signal.  sbatch is called as from a login on the cluster.
  const std::string output_path = federation_->Path("sbatch.out");
  const std::string login_command = "exec sbatch --wait --output='" + output_path + "' '" + script_path + "'";
  std::future<Result<ChildResult>> by_sbatch = std::async(std::launch::async, [&] {
    Environment environment = PlainEnvironment();
    environment["SLURM_CONF"] = lab_->conf_path();
    environment["HOME"] = ::getpwuid(::geteuid())->pw_dir;
    environment["USER"] = ::getpwuid(::geteuid())->pw_name;
    environment["SHELL"] = ::getpwuid(::geteuid())->pw_shell;
    return RunProgram({.argv = {"/bin/bash", "-l", "-c", login_command},
                       .environment = environment,
                       .directory = federation_->folder(),
                       .timeout = kEndTime});
  });
  const Result<ChildResult> by_turnpike = federation_->RunCommand({"submit", "--wait", script_path});
  const Result<ChildResult> reference = by_sbatch.get();
  ASSERT_TRUE(by_turnpike.ok()) << MessageOf(by_turnpike.status());
  ASSERT_TRUE(reference.ok()) << MessageOf(reference.status());
  EXPECT_EQ(reference->exit_code, 7) << reference->error_output;
  EXPECT_EQ(by_turnpike->exit_code, 7) << by_turnpike->error_output;
  const std::string expected = ReadFile(output_path).value_or("");
  EXPECT_THAT(expected, testing::HasSubstr("USR1 came: writing a checkpoint\n"));
  EXPECT_THAT(expected, testing::HasSubstr("rank 0 of 1"));
  EXPECT_EQ(WithoutNumbers(by_turnpike->output), WithoutNumbers(expected)) << by_turnpike->error_output;
  const Result<std::string> job_id = database_->Value("SELECT job_id FROM job");
  ASSERT_TRUE(job_id.ok()) << MessageOf(job_id.status());
  federation_->NoteAccepted(*job_id);
  ExpectSound();
}

}  // namespace
}  // namespace turnpike
