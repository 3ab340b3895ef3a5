// The adapter at real clusters: jobs from their submission to their end, load, check.

#include "tests/adapters/slurm/slurm_e2e.h"

namespace turnpike::slurm {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = SubmitOutcome::Kind;

TEST_F(SlurmWithAccounting, FollowsJobsToTheirEndsInBothSources) {
  struct Case {
    const char* script;
    const char* state;
    std::optional<int> exit_code;
    int exit_signal;
    FaultClass fault;
  };
  const Case cases[] = {
      {"exit 0", "COMPLETED", 0, 0, FaultClass::kNone},
      {"exit 3", "FAILED", 3, 0, FaultClass::kUser},
      {"kill -SEGV $$", "FAILED", std::nullopt, 11, FaultClass::kUser},
  };
  for (const Case& test : cases) {
    const LocalJob job = Job(test.script);
    const LocalJobIdentity identity = Submit(job);
    EXPECT_EQ(identity.cluster, lab_->name());
    for (const size_t source : {0U, 1U}) {
      SCOPED_TRACE(fmt::format("{} in source {}", test.script, source));
      const LocalJobView view = WaitForState(job.tag, source, LocalState::kEnded);
      EXPECT_EQ(view.raw_state, test.state);
      EXPECT_EQ(view.cause, EndCause::kProgramEnded);
      EXPECT_EQ(view.fault, test.fault);
      EXPECT_EQ(view.exit_code, test.exit_code);
      EXPECT_EQ(view.exit_signal, test.exit_signal);
      EXPECT_EQ(view.local_user, "root");
      EXPECT_EQ(view.cluster, identity.cluster);
      EXPECT_EQ(view.local_job_id, identity.local_job_id);
      EXPECT_EQ(view.submit_time, identity.submit_time);
      EXPECT_TRUE(view.start_time && view.end_time && *view.start_time <= *view.end_time);
    }
    EXPECT_EQ(WaitFor(job.tag, 1, [&job](const LocalJobView& view) { return view.comment == job.comment; }).comment,
              job.comment);
  }
}

TEST_F(SlurmWithAccounting, TellsWhatARunningJobHolds) {
  LocalJob job = Job("exec sleep 600");
  job.nodes = 2;
  job.tasks = 2;
  job.cpus_per_task = 2;
  job.memory_per_node_mib = 512;
  job.accelerator_resource = "gpu:fake";
  job.accelerators_per_node = 2;
  const LocalJobIdentity identity = Submit(job);
  const ResourceAmounts held{.nodes = 2, .cores = 4, .accelerators = 4, .memory_mib = 1024};
  for (const size_t source : {0U, 1U}) {
    const LocalJobView view = WaitFor(job.tag, source, [](const LocalJobView& seen) {
      return seen.state == LocalState::kRunning && seen.allocated.has_value();
    });
    EXPECT_EQ(view.allocated, held);
  }
  const auto shares = scheduler_->ReadCapacity();
  ASSERT_TRUE(shares.ok()) << shares.status();
  ASSERT_EQ(shares->size(), 2U);
  for (const ShareCapacity& share : *shares) {
    EXPECT_EQ(share.pool, "main");
    EXPECT_EQ(share.cores_total, 16);
    EXPECT_EQ(share.cores_idle, 12);
    EXPECT_EQ(share.accelerators_total, 8);
    EXPECT_EQ(share.accelerators_idle, 4);
    EXPECT_EQ(share.accelerator_model, "fake-80g");
    EXPECT_EQ(share.nodes_idle, 0);
    EXPECT_GT(share.core_seconds_running, 0);
    EXPECT_TRUE(share.open) << share.closed_reason;
  }
  EXPECT_TRUE(scheduler_->Cancel(identity).ok());
  WaitForState(job.tag, 0, LocalState::kEnded);
}

TEST_F(SlurmWithAccounting, CancelsWaitingAndRunningJobs) {
  LocalJob waiting = Job("exit 0");
  waiting.flags = {{"--nodelist", lab_->name() + "n1"}};
  waiting.tasks = 8;
  const LocalJob running = [this] {
    LocalJob job = Job("exec sleep 600");
    job.flags = {{"--nodelist", lab_->name() + "n1"}};
    job.tasks = 8;
    return job;
  }();
  const LocalJobIdentity running_id = Submit(running);
  WaitForState(running.tag, 0, LocalState::kRunning);
  const LocalJobIdentity waiting_id = Submit(waiting);
  const LocalJobView held = WaitForState(waiting.tag, 0, LocalState::kPending);
  EXPECT_EQ(held.allocated, std::nullopt);

  for (const auto& [job, identity] : {std::pair(waiting, waiting_id), std::pair(running, running_id)}) {
    EXPECT_TRUE(scheduler_->Cancel(identity).ok());
    for (const size_t source : {0U, 1U}) {
      const LocalJobView view = WaitForState(job.tag, source, LocalState::kEnded);
      EXPECT_EQ(view.cause, EndCause::kCancelledByUser) << source;
      EXPECT_EQ(view.exit_code, std::nullopt);
    }
    EXPECT_TRUE(scheduler_->Cancel(identity).ok());  // gone already
  }
}

// The shortest limit is a minute, and Slurm looks at limits twice a minute.
TEST_F(SlurmWithAccounting, SaysThatATimeLimitEndedTheJob) {
  LocalJob job = Job("exec sleep 600");
  job.time_limit = std::chrono::seconds(1);
  Submit(job);
  for (const size_t source : {0U, 1U}) {
    const LocalJobView view = WaitForState(job.tag, source, LocalState::kEnded);
    EXPECT_EQ(view.raw_state, "TIMEOUT");
    EXPECT_EQ(view.cause, EndCause::kTimeLimit);
    EXPECT_EQ(view.exit_code, std::nullopt);
    EXPECT_GE(view.elapsed, std::chrono::seconds(60));
  }
}

TEST_F(SlurmWithAccounting, GivesTheJobNothingOfItsOwnEnvironmentAndSrunWorks) {
  const LocalJob job = Job("/usr/bin/env\n/usr/bin/srun --ntasks=1 /bin/echo step-ran");
  Submit(job);
  WaitForState(job.tag, 0, LocalState::kEnded);
  const std::string output = OutputOf(job);
  EXPECT_THAT(output, HasSubstr("step-ran"));
  EXPECT_THAT(output, HasSubstr("SLURM_JOB_ID="));
  for (const char* name : {"SLURM_TIME_FORMAT=", "SLURM_EXPORT_ENV=", "SLURM_GET_USER_ENV=", "LC_ALL=", "TZ="}) {
    EXPECT_THAT(output, Not(HasSubstr(std::string("\n") + name))) << name;
  }
}

TEST_F(SlurmWithAccounting, RunsJobsAsTheMappedUser) {
  LocalJob job = Job("exit 0");
  job.account.local_user = "nobody";
  job.account.account = "root";
  job.directory = "/tmp";
  job.output_path = "/dev/null";
  job.error_path = "/dev/null";
  const ChildResult allowed = lab_->Command({"sacctmgr", "-i", "add", "user", "nobody", "account=root"});
  ASSERT_TRUE(allowed.succeeded()) << allowed.output << allowed.error_output;
  SubmitOutcome outcome;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  do {  // until slurmdbd has told slurmctld
    outcome = scheduler_->Submit(job);
  } while (outcome.kind == Kind::kRefused && std::chrono::steady_clock::now() < deadline);
  ASSERT_EQ(outcome.kind, Kind::kAccepted) << outcome.detail;
  for (const size_t source : {0U, 1U}) {
    const LocalJobView view = WaitForState(job.tag, source, LocalState::kEnded);
    EXPECT_EQ(view.local_user, "nobody");
    EXPECT_EQ(view.exit_code, 0);
  }
}

TEST_F(SlurmWithAccounting, LeavesADrainedNodeOutOfTheLoad) {
  const std::string node = lab_->name() + "n2";
  ASSERT_TRUE(
      lab_->Command({"scontrol", "update", "NodeName=" + node, "State=DRAIN", "Reason=disk fault"}).succeeded());
  const auto shares = scheduler_->ReadCapacity();
  ASSERT_TRUE(lab_->Command({"scontrol", "update", "NodeName=" + node, "State=RESUME"}).succeeded());
  ASSERT_TRUE(shares.ok()) << shares.status();
  for (const ShareCapacity& share : *shares) {
    EXPECT_EQ(share.nodes_total, 1);
    EXPECT_EQ(share.cores_total, 8);
    EXPECT_EQ(share.accelerators_total, 4);
  }
}

TEST_F(SlurmWithAccounting, FindsAJobAgainAfterARestartOfTheAgent) {
  const LocalJob job = Job("exit 5");
  const LocalJobIdentity identity = Submit(job);
  scheduler_ = NewScheduler();
  const LocalJobView view = WaitForState(job.tag, 1, LocalState::kEnded);
  EXPECT_EQ(view.local_job_id, identity.local_job_id);
  EXPECT_EQ(view.submit_time, identity.submit_time);
  EXPECT_EQ(view.exit_code, 5);
}

TEST_F(SlurmWithAccounting, ChecksTheSiteWithoutAFailure) {
  const LocalJob probe = Job("exit 0");
  const std::vector<CheckLine> lines = scheduler_->Check(probe);
  EXPECT_GT(lines.size(), 15U);
  bool tag_seen = false;
  for (const CheckLine& line : lines) {
    EXPECT_NE(line.verdict, CheckLine::Verdict::kFail) << line.what << ": " << line.found;
    EXPECT_EQ(line.cure.empty(), line.verdict == CheckLine::Verdict::kPass) << line.what;
    tag_seen = tag_seen || line.what == "sacct shows our own probe job";
  }
  EXPECT_TRUE(tag_seen);
}

TEST_F(SlurmWithAccounting, SaysInACheckWhatIsWrong) {
  LocalJob probe = Job("exit 4");
  probe.output_path = "/dev/null";
  std::vector<std::string> failed;
  for (const CheckLine& line : scheduler_->Check(probe)) {
    if (line.verdict == CheckLine::Verdict::kFail) failed.push_back(line.what);
  }
  EXPECT_THAT(failed, Contains("squeue says that it ended well"));
}

TEST_F(SlurmWithoutAccounting, ReadsExitCodesFromTheQueue) {
  const LocalJob fails = Job("exit 7");
  const LocalJob dies = Job("kill -KILL $$");
  Submit(fails);
  Submit(dies);
  EXPECT_EQ(WaitForState(fails.tag, 0, LocalState::kEnded).exit_code, 7);
  EXPECT_EQ(WaitForState(dies.tag, 0, LocalState::kEnded).exit_signal, 9);
}

TEST_F(SlurmWithoutAccounting, DescribesItself) {
  EXPECT_EQ(scheduler_->Describe().value(), "slurm 22.05.8");
}

}  // namespace
}  // namespace turnpike::slurm
