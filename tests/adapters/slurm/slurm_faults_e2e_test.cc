// The adapter at real clusters that misbehave: lost answers, lost jobs, refusals, daemons that are gone.

#include "tests/adapters/slurm/slurm_e2e.h"

namespace turnpike::slurm {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using Kind = SubmitOutcome::Kind;

TEST_F(SlurmWithAccounting, CallsASubmissionAmbiguousWhoseAnswerIsLostAndFindsItByTag) {
  const LocalJob witness = Job("exec sleep 600");
  const LocalJobIdentity witness_id = Submit(witness);
  const LocalJob job = Job("exit 0");
  lab_->Daemon("pause", "slurmctld");
  const SubmitOutcome outcome = scheduler_->Submit(job);
  const PollResult blind = Poll({job.tag});
  lab_->Daemon("resume", "slurmctld");
  EXPECT_EQ(outcome.kind, Kind::kAmbiguous);
  EXPECT_THAT(outcome.detail, HasSubstr("timed out"));
  EXPECT_FALSE(blind.sources[0].complete);
  EXPECT_TRUE(blind.sources[0].users_in_sight.empty());

  const LocalJobView view = WaitForState(job.tag, 0, LocalState::kEnded);
  EXPECT_EQ(view.exit_code, 0);
  size_t copies = 0;
  const PollResult after = Poll({job.tag});
  for (const LocalJobView& seen : after.sources[0].jobs) copies += seen.tag == job.tag ? 1U : 0U;
  EXPECT_EQ(copies, 1U);
  EXPECT_TRUE(scheduler_->Cancel(witness_id).ok());
}

TEST_F(SlurmWithAccounting, LeavesNoJobBehindWhereItSaysRefused) {
  const LocalJob witness = Job("exit 0");
  Submit(witness);
  using Change = std::function<void(LocalJob&)>;
  const std::pair<const char*, Change> table[] = {
      {"Invalid partition", [](LocalJob& job) { job.account.partition = "nosuch"; }},
      {"Invalid account", [](LocalJob& job) { job.account.account = "nosuch"; }},
      {"Invalid qos", [](LocalJob& job) { job.account.qos = "nosuch"; }},
      {"Invalid feature",
       [](LocalJob& job) {
         job.flags = {{"--constraint", "nosuch"}};
       }},
      {"Invalid license",
       [](LocalJob& job) {
         job.flags = {{"--licenses", "nosuch"}};
       }},
      {"Invalid node name",
       [](LocalJob& job) {
         job.flags = {{"--nodelist", "nosuch"}};
       }},
      {"Requested reservation is invalid", [](LocalJob& job) { job.account.reservation = "nosuch"; }},
  };
  for (const auto& [message, change] : table) {
    LocalJob job = Job("exit 0");
    change(job);
    const SubmitOutcome outcome = scheduler_->Submit(job);
    EXPECT_EQ(outcome.kind, Kind::kRefused) << message << ": " << outcome.detail;
    EXPECT_THAT(outcome.detail, HasSubstr(message));
    const SourceReading queue = Poll({job.tag}).sources[0];
    EXPECT_THAT(queue.users_in_sight, Contains("root"));
    EXPECT_FALSE(Find(queue, job.tag).has_value()) << message;
  }
}

TEST_F(SlurmWithAccounting, FindsTheJobThatARefusalLeftBehind) {
  LocalJob job = Job("exit 0");
  job.memory_per_node_mib = 99'999'999;
  EXPECT_EQ(scheduler_->Submit(job).kind, Kind::kAmbiguous);
  const LocalJobView view = WaitForState(job.tag, 0, LocalState::kEnded);
  EXPECT_EQ(view.cause, EndCause::kRefused);
  EXPECT_EQ(view.raw_reason, "BadConstraints");
  EXPECT_EQ(view.exit_code, std::nullopt);
}

TEST_F(SlurmWithAccounting, CallsALimitOfTheAccountBackPressure) {
  const auto set_limit = [this](const std::string& limit) {
    const ChildResult result =
        lab_->Command({"sacctmgr", "-i", "modify", "user", "root", "set", "MaxSubmitJobs=" + limit});
    EXPECT_TRUE(result.succeeded()) << result.output << result.error_output;
  };
  set_limit("0");
  const LocalJob job = Job("exit 0");
  SubmitOutcome outcome;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  do {  // until slurmdbd has told slurmctld
    outcome = scheduler_->Submit(job);
  } while (outcome.kind == Kind::kAccepted && std::chrono::steady_clock::now() < deadline);
  set_limit("-1");
  EXPECT_EQ(outcome.kind, Kind::kBackPressure) << outcome.detail;
  EXPECT_THAT(outcome.detail, HasSubstr("policy"));
}

TEST_F(SlurmWithAccounting, KeepsASourceThatIsDownApart) {
  const LocalJob job = Job("exit 0");
  Submit(job);
  WaitForState(job.tag, 1, LocalState::kEnded);
  lab_->Daemon("kill", "slurmdbd");
  const PollResult result = Poll({job.tag});
  lab_->Daemon("revive", "slurmdbd");
  ASSERT_EQ(result.sources.size(), 2U);
  EXPECT_TRUE(result.sources[0].complete) << result.sources[0].error;
  EXPECT_FALSE(result.sources[1].complete);
  EXPECT_FALSE(result.sources[1].error.empty());
  WaitForState(job.tag, 1, LocalState::kEnded);
}

TEST_F(SlurmWithAccounting, IsNotFooledByAStrangersNameWithLineEnds) {
  const LocalJob job = Job("exec sleep 600");
  const LocalJobIdentity identity = Submit(job);
  const std::string forged = "x\n" + identity.local_job_id + "|COMPLETED|root|" + job.tag;
  const ChildResult submitted = lab_->Command(
      {"sbatch", "--parsable", "--hold", "--chdir=/", "--job-name=" + forged, "--comment=" + forged}, "#!/bin/sh\n:\n");
  ASSERT_TRUE(submitted.succeeded()) << submitted.error_output;
  const LocalJobView view = WaitForState(job.tag, 0, LocalState::kRunning);
  EXPECT_EQ(view.local_job_id, identity.local_job_id);
  const PollResult result = Poll({job.tag});
  EXPECT_TRUE(result.sources[0].complete) << result.sources[0].error;
  EXPECT_TRUE(result.sources[1].complete) << result.sources[1].error;
  lab_->Command({"scancel", submitted.output.substr(0, submitted.output.find('\n'))});
  EXPECT_TRUE(scheduler_->Cancel(identity).ok());
}

TEST_F(SlurmE2e, HasNobodyInSightBeforeItsFirstJob) {
  const std::unique_ptr<SlurmLab> fresh = SlurmLab::Start("new", {"--no-accounting"});
  UseLab(fresh.get());
  if (lab_ == nullptr) return;
  const std::string tag = Job("").tag;
  const PollResult before = Poll({tag});
  ASSERT_EQ(before.sources.size(), 1U);
  EXPECT_TRUE(before.sources[0].complete) << before.sources[0].error;
  EXPECT_TRUE(before.sources[0].users_in_sight.empty());
  Submit(Job("exit 0"));
  const PollResult after = Poll({tag});
  EXPECT_THAT(after.sources[0].users_in_sight, Contains("root"));
  EXPECT_FALSE(Find(after.sources[0], tag).has_value());
}

TEST_F(SlurmWithoutAccounting, CallsADeadControllerBackPressureAndNothingWasSent) {
  const LocalJob witness = Job("exit 0");
  Submit(witness);
  WaitForState(witness.tag, 0, LocalState::kEnded);
  const LocalJob job = Job("exit 0");
  lab_->Daemon("kill", "slurmctld");
  const SubmitOutcome outcome = scheduler_->Submit(job);
  const PollResult blind = Poll({job.tag});
  lab_->Daemon("revive", "slurmctld");
  EXPECT_EQ(outcome.kind, Kind::kBackPressure) << outcome.detail;
  EXPECT_FALSE(blind.sources[0].complete);
  EXPECT_FALSE(Find(Poll({job.tag}).sources[0], job.tag).has_value());
}

// slurmctld saves its state every few seconds; killed before that, it forgets a job that it had acknowledged, and gives
// the id away.
TEST_F(SlurmWithoutAccounting, DoesNotTakeAReusedIdForALostJob) {
  constexpr int kTries = 10;
  for (int i = 0; i < kTries; ++i) {
    const LocalJob lost = Job("exec sleep 600");
    const LocalJobIdentity lost_id = Submit(lost);
    lab_->Daemon("kill", "slurmctld");
    lab_->Daemon("revive", "slurmctld");
    const LocalJob next = Job("exec sleep 600");
    const LocalJobIdentity next_id = Submit(next);
    if (next_id.local_job_id != lost_id.local_job_id) {
      EXPECT_TRUE(scheduler_->Cancel(lost_id).ok());
      EXPECT_TRUE(scheduler_->Cancel(next_id).ok());
      continue;
    }
    EXPECT_FALSE(Find(Poll({lost.tag, next.tag}).sources[0], lost.tag).has_value());
    EXPECT_TRUE(scheduler_->Cancel(lost_id).ok());  // is gone; the other must not suffer
    WaitForState(next.tag, 0, LocalState::kRunning);
    EXPECT_TRUE(scheduler_->Cancel(next_id).ok());
    EXPECT_EQ(WaitForState(next.tag, 0, LocalState::kEnded).cause, EndCause::kCancelledByUser);
    return;
  }
  FAIL() << "the controller kept every job in " << kTries << " tries, so no id was reused";
}

}  // namespace
}  // namespace turnpike::slurm
