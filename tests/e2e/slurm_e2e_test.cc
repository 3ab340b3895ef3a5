// The whole road with a real Slurm at its end, and with Slurm's own failures.  Needs root and the packages of
// `deploy/packages slurm`; without them these tests fail, and say so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <regex>

#include "base/file_sync.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/federation.h"
#include "tests/e2e/slurm_lab.h"
#include "tests/e2e/sound_run.h"

namespace turnpike {
namespace {

constexpr char kJobName[] = "payload";
constexpr std::chrono::minutes kEndTime{4};

constexpr char kLiveAttempt[] = R"sql(
    SELECT a.state, a.local_job_id
      FROM attempt AS a
      JOIN job AS j ON j.job_id = a.job_id
     WHERE j.name = $1
)sql";

class SlurmSite : public testing::Test {
 protected:
  void StartAll(const Federation::Settings& settings, SlurmLab::Accounting accounting,
                const std::string& agent_failpoints) {
    Result<std::unique_ptr<SlurmLab>> lab = SlurmLab::Start(accounting);
    ASSERT_TRUE(lab.ok()) << MessageOf(lab.status());
    lab_ = *std::move(lab);
    federation_ = std::make_unique<Federation>(settings);
    const Status started = federation_->StartBroker();
    ASSERT_TRUE(started.ok()) << MessageOf(started);
    const Result<SiteAgent*> site = federation_->AddSite({.name = "cluster",
                                                          .core_hour_price = "0.01",
                                                          .scheduler_yaml = SlurmScheduler(lab_->conf_path()),
                                                          .environment = "login"},
                                                         agent_failpoints);
    ASSERT_TRUE(site.ok()) << MessageOf(site.status());
    site_ = *site;
    Result<std::unique_ptr<Database>> database = federation_->OpenDatabase();
    ASSERT_TRUE(database.ok()) << MessageOf(database.status());
    database_ = *std::move(database);
  }

  void TearDown() override {
    if (HasFailure() && site_ != nullptr) {
      ADD_FAILURE() << "the agent's log ends with:\n" << site_->daemon().LogTail();
    }
  }

  // Empty where the job has no attempt under way.
  Database::Row LiveAttempt() const {
    const Result<std::vector<Database::Row>> rows = database_->Query(kLiveAttempt, {kJobName});
    EXPECT_TRUE(rows.ok()) << MessageOf(rows.status());
    return rows.ok() && rows->size() == 1 ? rows->front() : Database::Row{"", ""};
  }

  void ExpectSound() {
    const Status sound = CheckSoundRun(*federation_);
    EXPECT_TRUE(sound.ok()) << MessageOf(sound);
    EXPECT_TRUE(Eventually([this] { return lab_->LiveJobNames().value_or(std::vector<std::string>{"?"}).empty(); }))
        << "I11 is violated: " << testing::PrintToString(lab_->LiveJobNames().value_or(std::vector<std::string>{}));
  }

  static void ExpectOk(const Status& status) { ASSERT_TRUE(status.ok()) << MessageOf(status); }

  std::unique_ptr<SlurmLab> lab_;
  std::unique_ptr<Federation> federation_;
  SiteAgent* site_ = nullptr;
  std::unique_ptr<Database> database_;
};

// --- Jobs.

class SlurmJob : public SlurmSite {
 protected:
  void SetUp() override { StartAll({.local_site = true}, SlurmLab::Accounting::kYes, ""); }
};

TEST_F(SlurmJob, GoesToTheCheaperCenterWithoutNamingItAndIsBilled) {
  const Result<std::string> job_id = federation_->Submit(federation_->payload().Job(kJobName));
  ASSERT_TRUE(job_id.ok()) << MessageOf(job_id.status());
  const Result<v1::Job> job = federation_->WaitForEnd(*job_id, kEndTime);
  ASSERT_TRUE(job.ok()) << MessageOf(job.status());
  EXPECT_EQ(job->state(), v1::JOB_STATE_COMPLETED) << job->ShortDebugString();
  EXPECT_EQ(job->site(), "cluster");
  EXPECT_NE(job->local_job_id(), "");
  EXPECT_NE(job->money().charged(), "0") << job->ShortDebugString();
  EXPECT_FALSE(job->money().provisional()) << "Slurm's own accounting has the last word: " << job->ShortDebugString();
  EXPECT_EQ(federation_->payload().Runs()[kJobName].ends, 1);
  ExpectSound();
}

// As a researcher has it; {} is where the test keeps its modulefile.
constexpr char kScript[] = R"sh(#!/bin/bash
#SBATCH --job-name=checkpointer
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=2
#SBATCH --mem=200M
#SBATCH --time=1
#SBATCH --signal=B:USR1@30

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
}

// --- Slurm's failures.

class SlurmFault : public SlurmSite {
 protected:
  // An earlier job of ours stays in sight: without one a source that shows nothing tells nothing.  The failpoints are
  // for the second job, so their numbers begin with it.
  void Start(SlurmLab::Accounting accounting, const std::string& agent_failpoints) {
    StartAll({.local_site = false}, accounting, agent_failpoints);
    ASSERT_FALSE(HasFatalFailure());
    const Result<std::string> job_id = federation_->Submit(federation_->payload().Job("witness"));
    ASSERT_TRUE(job_id.ok()) << MessageOf(job_id.status());
    const Result<v1::Job> job = federation_->WaitForEnd(*job_id, kEndTime);
    ASSERT_TRUE(job.ok()) << MessageOf(job.status());
    ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->SaveState()));
  }
  v1::Job EndOf(std::future<Result<std::string>>& submission) {
    const Result<std::string> job_id = submission.get();
    EXPECT_TRUE(job_id.ok()) << MessageOf(job_id.status());
    const Result<v1::Job> job = federation_->WaitForEnd(job_id.value_or(""), kEndTime);
    EXPECT_TRUE(job.ok()) << MessageOf(job.status());
    return job.value_or(v1::Job());
  }
};

// A10, E1: sbatch gives up, and the controller takes the job all the same.
TEST_F(SlurmFault, SubmissionThatTimedOutIsAdoptedByItsTag) {
  ASSERT_NO_FATAL_FAILURE(Start(SlurmLab::Accounting::kNo, ""));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->Do("pause", "slurmctld")));
  auto submission = federation_->SubmitInBackground(federation_->payload().Job(kJobName));
  EXPECT_TRUE(Eventually([this] { return LiveAttempt()[0] == "AMBIGUOUS"; }, kEndTime)) << LiveAttempt()[0];
  ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->Do("resume", "slurmctld")));
  const v1::Job job = EndOf(submission);
  EXPECT_EQ(job.state(), v1::JOB_STATE_COMPLETED) << job.ShortDebugString();
  EXPECT_EQ(job.attempt_count(), 1) << "adopted, not sent again as another attempt";
  EXPECT_EQ(federation_->payload().Runs()[kJobName].starts, 1);
  ExpectSound();
}

// E3, E4: the controller forgets our job and gives its id to somebody else's.
TEST_F(SlurmFault, ReusedIdIsNotMistakenForOurs) {
  ASSERT_NO_FATAL_FAILURE(Start(SlurmLab::Accounting::kNo, "agent.post_submitted=stop@2"));
  // It fills the cluster, so that ours waits behind it.
  ASSERT_TRUE(lab_->Command({"sbatch", "--parsable", "--exclusive", "--job-name=blocker", "--wrap=sleep 3600"}).ok());
  ASSERT_TRUE(Eventually([this] { return lab_->Command({"squeue", "-h", "-t", "R"}).value_or("") != ""; }));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->SaveState()));
  auto submission = federation_->SubmitInBackground(federation_->payload().Job(kJobName));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().WaitUntilStopped()));
  const Result<std::string> ours = lab_->Command({"squeue", "-h", "-t", "PD", "--format=%i"});
  ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->RollBackController()));
  const Result<std::string> theirs =
      lab_->Command({"sbatch", "--parsable", "--job-name=theirs", "--wrap=sleep 5; exit 0"});
  ASSERT_TRUE(ours.ok() && theirs.ok());
  ASSERT_EQ(*theirs, *ours) << "Slurm did not give the id away again, so this test shows nothing";

  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().Resume()));
  ASSERT_TRUE(lab_->Command({"scancel", "--name=blocker"}).ok());
  const v1::Job job = EndOf(submission);
  EXPECT_EQ(job.state(), v1::JOB_STATE_COMPLETED) << job.ShortDebugString();
  EXPECT_NE(job.local_job_id() + "\n", *theirs);
  EXPECT_EQ(job.exit_code(), 0);
  EXPECT_EQ(federation_->payload().Runs()[kJobName].starts, 1);
  const Result<std::string> their_end =
      lab_->Command({"scontrol", "show", "job", theirs->substr(0, theirs->find('\n'))});
  EXPECT_THAT(their_end.value_or(""), testing::HasSubstr("JobState=COMPLETED")) << "ours was cancelled in their place";
  ExpectSound();
}

// The controller dies while the agent stands at a point of the submission, and comes back.
class SlurmFaultAt : public SlurmFault, public testing::WithParamInterface<std::string> {};

TEST_P(SlurmFaultAt, ControllerThatWasKilledLeavesOneEnd) {
  ASSERT_NO_FATAL_FAILURE(Start(SlurmLab::Accounting::kYes, GetParam() + "=stop@2"));
  auto submission = federation_->SubmitInBackground(federation_->payload().Job(kJobName));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().WaitUntilStopped()));
  EXPECT_TRUE(federation_->FailpointReached(GetParam()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->Do("kill", "slurmctld")));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().Resume()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->Do("revive", "slurmctld")));
  const v1::Job job = EndOf(submission);
  // Killed within its 5 s save window it may lose a job that runs.
  const bool lost = job.state() == v1::JOB_STATE_FAILED && job.cause() == v1::END_CAUSE_SITE_INTERRUPTED &&
                    job.money().charged() == "0";
  EXPECT_TRUE(job.state() == v1::JOB_STATE_COMPLETED || lost) << job.ShortDebugString();
  ExpectSound();
}

INSTANTIATE_TEST_SUITE_P(At, SlurmFaultAt,
                         testing::Values("agent.post_intent", "agent.post_spawn", "agent.post_submitted",
                                         "agent.pre_terminal"),
                         [](const auto& at) { return std::regex_replace(at.param, std::regex("\\."), "_"); });

// Long after the save window: the job runs on without its controller and is found again.
TEST_F(SlurmFault, RunningJobOutlivesItsController) {
  ASSERT_NO_FATAL_FAILURE(Start(SlurmLab::Accounting::kNo, ""));
  const std::string gate = federation_->Path("gate");
  auto submission = federation_->SubmitInBackground(federation_->payload().Job(kJobName, gate));
  ASSERT_TRUE(Eventually([this] { return HasStarted(federation_->payload(), kJobName); }));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->SaveState()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->Do("kill", "slurmctld")));
  ASSERT_TRUE(OpenGate(gate).ok());
  ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->Do("revive", "slurmctld")));
  const v1::Job job = EndOf(submission);
  EXPECT_EQ(job.state(), v1::JOB_STATE_COMPLETED) << job.ShortDebugString();
  EXPECT_EQ(federation_->payload().Runs()[kJobName].ends, 1);
  ExpectSound();
}

}  // namespace
}  // namespace turnpike
