#include "adapters/slurm/slurm_scheduler.h"

#include <gmock/gmock.h>

#include "base/system_clock.h"
#include "tests/adapters/slurm/fake_slurm.h"
#include "tests/adapters/slurm/make_job.h"

namespace turnpike::slurm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using Kind = SubmitOutcome::Kind;

AttemptId Attempt(int number) {
  Uuid uuid;
  uuid.bytes[0] = static_cast<uint8_t>(number);
  return AttemptId(uuid);
}
std::string Tag(int number) {
  return LocalTag(Attempt(number));
}

class SlurmSchedulerTest : public ::testing::Test {
 protected:
  static SlurmSettings Settings() {
    SlurmSettings settings;
    settings.own_user = "agent";
    settings.own_uid = 900;
    settings.conf_path = "/etc/slurm/slurm.conf";
    return settings;
  }
  static FakeRow QueueRow(const std::string& id, int number, const std::string& state) {
    return {{"JOBID", id}, {"STATE", state}, {"NAME", Tag(number)}, {"COMMENT", Tag(number) + ":0123"}};
  }
  static FakeRow AccountingRow(const std::string& id, int number, const std::string& state) {
    return {{"JobID", id}, {"State", state}, {"JobName", Tag(number)}, {"Comment", Tag(number) + ":0123"}};
  }
  static PollRequest Request(std::vector<std::string> tags) { return {std::move(tags), TimestampFromSeconds(1000)}; }
  static LocalJobIdentity Identity(const std::string& id, int number) {
    return {"alpha", id, TimestampFromSeconds(1000), Tag(number)};
  }

  FakeSlurm slurm_;
  CountingRandom random_;
  SystemClock clock_;
  SlurmScheduler scheduler_{{Settings(), slurm_, random_, clock_, [](std::chrono::milliseconds) { return true; }}};
};

TEST_F(SlurmSchedulerTest, SubmitsTheWrapperOnStandardInputAndReadsTheJobBack) {
  slurm_.answers["sbatch"] = FakeSlurm::Printed("42\n");
  slurm_.queue = {QueueRow("42", 1, "PENDING")};
  const LocalJob job = MakeJob(Attempt(1));
  const SubmitOutcome outcome = scheduler_.Submit(job);
  ASSERT_EQ(outcome.kind, Kind::kAccepted) << outcome.detail;
  EXPECT_EQ(outcome.identity, Identity("42", 1));

  const ChildCommand& sbatch = slurm_.LastOf("sbatch");
  EXPECT_EQ(sbatch.standard_input, job.wrapper);
  EXPECT_EQ(sbatch.argv, scheduler_.CommandFor(job));
  for (size_t i = 1; i < sbatch.argv.size(); ++i) EXPECT_TRUE(sbatch.argv[i].starts_with("--")) << sbatch.argv[i];
  EXPECT_THAT(sbatch.environment,
              UnorderedElementsAre(std::pair("PATH", "/usr/local/bin:/usr/bin:/bin"), std::pair("TZ", "UTC"),
                                   std::pair("LC_ALL", "C"), std::pair("SLURM_CONF", "/etc/slurm/slurm.conf")));
  EXPECT_EQ(slurm_.LastOf("squeue").environment.at("SLURM_TIME_FORMAT"), "%s");
}

TEST_F(SlurmSchedulerTest, ReadsAnAnswerThatNamesTheCluster) {
  slurm_.answers["sbatch"] = FakeSlurm::Printed("42;alpha\n");
  slurm_.queue = {QueueRow("42", 1, "PENDING")};
  EXPECT_EQ(scheduler_.Submit(MakeJob(Attempt(1))).identity, Identity("42", 1));
}

TEST_F(SlurmSchedulerTest, SaysAmbiguousToEveryAnswerThatProvesNothing) {
  const std::pair<const char*, Result<ChildResult>> table[] = {
      {"no id", FakeSlurm::Printed("")},
      {"a sentence", FakeSlurm::Printed("Submitted batch job 42\n")},
      {"two lines", FakeSlurm::Printed("42\n43\n")},
      {"a time-out", FakeSlurm::TimedOut()},
      {"a time-out of its own",
       FakeSlurm::Failed(1, "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation\n")},
      {"too much output", ResourceExhausted("too much")},
      {"an id that the queue does not know", FakeSlurm::Printed("77\n")},
  };
  for (const auto& [what, answer] : table) {
    slurm_.answers.insert_or_assign("sbatch", answer);
    const SubmitOutcome outcome = scheduler_.Submit(MakeJob(Attempt(1)));
    EXPECT_EQ(outcome.kind, Kind::kAmbiguous) << what;
    EXPECT_FALSE(outcome.detail.empty()) << what;
  }
}

TEST_F(SlurmSchedulerTest, KnowsWhereNothingRan) {
  slurm_.answers.insert_or_assign("sbatch", NotFound("sbatch is not in the path"));
  EXPECT_EQ(scheduler_.Submit(MakeJob(Attempt(1))).kind, Kind::kBackPressure);
  LocalJob job = MakeJob(Attempt(1));
  job.account.account = "--uid=0";
  EXPECT_EQ(scheduler_.Submit(job).kind, Kind::kRefused);
  EXPECT_EQ(slurm_.CountOf("sbatch"), 1U);  // not for the second
}

TEST_F(SlurmSchedulerTest, NoticesASubmitFilterThatTookTheTagAway) {
  slurm_.answers["sbatch"] = FakeSlurm::Printed("42\n");
  slurm_.queue = {QueueRow("42", 1, "PENDING")};
  slurm_.queue[0]["NAME"] = "renamed";
  EXPECT_EQ(scheduler_.Submit(MakeJob(Attempt(1))).kind, Kind::kAccepted);  // the comment still tells
  slurm_.queue[0]["COMMENT"] = "(null)";
  const SubmitOutcome outcome = scheduler_.Submit(MakeJob(Attempt(1)));
  EXPECT_EQ(outcome.kind, Kind::kAmbiguous);
  EXPECT_THAT(outcome.detail, HasSubstr("submit filter"));
}

TEST_F(SlurmSchedulerTest, DoesNotTakeAReusedIdForItsOwn) {
  slurm_.answers["sbatch"] = FakeSlurm::Printed("42\n");
  slurm_.queue = {QueueRow("42", 2, "RUNNING")};
  EXPECT_EQ(scheduler_.Submit(MakeJob(Attempt(1))).kind, Kind::kAmbiguous);
}

TEST_F(SlurmSchedulerTest, SaysAmbiguousWhenReadingBackFails) {
  slurm_.answers["sbatch"] = FakeSlurm::Printed("42\n");
  slurm_.answers["squeue"] = FakeSlurm::TimedOut();
  const SubmitOutcome outcome = scheduler_.Submit(MakeJob(Attempt(1)));
  EXPECT_EQ(outcome.kind, Kind::kAmbiguous);
  EXPECT_THAT(outcome.detail, HasSubstr("42"));
}

TEST_F(SlurmSchedulerTest, ShowsBothSources) {
  slurm_.queue = {QueueRow("42", 1, "RUNNING"),
                  {{"JOBID", "43"}, {"STATE", "RUNNING"}, {"NAME", "theirs"}, {"USER", "bob"}}};
  slurm_.accounting = {AccountingRow("41", 2, "TIMEOUT")};
  const PollResult result = scheduler_.Poll(Request({Tag(1), Tag(2)}));
  ASSERT_EQ(result.sources.size(), 2U);
  EXPECT_TRUE(result.sources[0].complete);
  EXPECT_EQ(result.sources[0].kind, SourceKind::kQueue);
  ASSERT_EQ(result.sources[0].jobs.size(), 1U);
  EXPECT_EQ(result.sources[0].jobs[0].tag, Tag(1));
  EXPECT_THAT(result.sources[0].users_in_sight, ElementsAre("agent"));  // bob's job is none of ours
  ASSERT_EQ(result.sources[1].jobs.size(), 1U);
  EXPECT_EQ(result.sources[1].jobs[0].cause, EndCause::kTimeLimit);
}

TEST_F(SlurmSchedulerTest, HasNobodyInSightWhereTheQueueIsHidden) {
  const PollResult result = scheduler_.Poll(Request({Tag(1)}));  // PrivateData: empty, exit 0
  EXPECT_TRUE(result.sources[0].complete);
  EXPECT_TRUE(result.sources[0].users_in_sight.empty());
}

TEST_F(SlurmSchedulerTest, LetsOneSourceFailAlone) {
  slurm_.queue = {QueueRow("42", 1, "RUNNING")};
  slurm_.answers["sacct"] = FakeSlurm::Failed(1, "sacct: error: Problem talking to the database: Connection refused\n");
  PollResult result = scheduler_.Poll(Request({Tag(1)}));
  ASSERT_EQ(result.sources.size(), 2U);
  EXPECT_TRUE(result.sources[0].complete);
  EXPECT_FALSE(result.sources[1].complete);
  EXPECT_THAT(result.sources[1].error, HasSubstr("Connection refused"));
  slurm_.answers["squeue"] =
      FakeSlurm::Failed(1, "slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n");
  result = scheduler_.Poll(Request({Tag(1)}));
  EXPECT_FALSE(result.sources[0].complete);
  EXPECT_TRUE(result.sources[0].jobs.empty());
}

TEST_F(SlurmSchedulerTest, CallsACutOffAnswerIncomplete) {
  slurm_.queue = {QueueRow("42", 1, "RUNNING")};
  scheduler_.Poll(Request({Tag(1)}));
  slurm_.answers["squeue"] = FakeSlurm::Printed("JOBID@aaaa@STATE@aaaa@\n42@aaaa@RUNN");
  const PollResult result = scheduler_.Poll(Request({Tag(1)}));
  EXPECT_FALSE(result.sources[0].complete);
  EXPECT_TRUE(result.sources[0].users_in_sight.empty());
}

TEST_F(SlurmSchedulerTest, TakesTheQueueAloneWhereNoAccountingIsKept) {
  slurm_.answers["sacct"] = FakeSlurm::Failed(1, "Slurm accounting storage is disabled\n");
  EXPECT_EQ(scheduler_.Poll(Request({Tag(1)})).sources.size(), 1U);
  EXPECT_EQ(scheduler_.Poll(Request({Tag(1)})).sources.size(), 1U);
  EXPECT_EQ(slurm_.CountOf("sacct"), 1U);
}

TEST_F(SlurmSchedulerTest, AsksAccountingForEndedJobsThatProveItsSight) {
  slurm_.accounting = {AccountingRow("41", 1, "COMPLETED"), AccountingRow("42", 2, "COMPLETED")};
  EXPECT_EQ(scheduler_.Poll(Request({Tag(1)})).sources[1].jobs.size(), 1U);
  const PollResult later = scheduler_.Poll(Request({Tag(3)}));  // which is not there
  EXPECT_TRUE(later.sources[1].jobs.empty());
  EXPECT_THAT(later.sources[1].users_in_sight, ElementsAre("agent"));
}

TEST_F(SlurmSchedulerTest, AsksAccountingForJobsOfEarlierProcessesUntilItHasShownOne) {
  slurm_.accounting = {AccountingRow("41", 1, "COMPLETED")};
  EXPECT_TRUE(scheduler_.Poll(Request({Tag(3)})).sources[1].users_in_sight.empty());
  SlurmScheduler successor({.settings = Settings(),
                            .runner = slurm_,
                            .random = random_,
                            .clock = clock_,
                            .wait = [](std::chrono::milliseconds) { return true; },
                            .earlier_tags = {Tag(1), Tag(2)}});
  const PollResult result = successor.Poll(Request({Tag(3)}));
  EXPECT_TRUE(result.sources[1].jobs.empty()) << "nobody asked for that one";
  EXPECT_THAT(result.sources[1].users_in_sight, ElementsAre("agent"));
  successor.Poll(Request({Tag(3)}));
  EXPECT_EQ(FakeSlurm::Option(slurm_.LastOf("sacct"), "--name"), Tag(3) + "," + Tag(1));
}

TEST_F(SlurmSchedulerTest, FindsAJobByIdWhileAccountingHasNotItsName) {
  slurm_.queue = {QueueRow("42", 1, "RUNNING")};
  scheduler_.Poll(Request({Tag(1)}));
  slurm_.queue.clear();
  slurm_.accounting = {
      {{"JobID", "42"}, {"State", "FAILED"}, {"ExitCode", "3:0"}, {"JobName", "allocation"}, {"NodeList", "n1"}}};
  PollResult result = scheduler_.Poll(Request({Tag(1)}));
  ASSERT_EQ(result.sources[1].jobs.size(), 1U);
  EXPECT_EQ(result.sources[1].jobs[0].tag, Tag(1));
  EXPECT_EQ(result.sources[1].jobs[0].exit_code, 3);

  slurm_.accounting[0]["Submit"] = "2000";  // the id is another job's by now
  EXPECT_TRUE(scheduler_.Poll(Request({Tag(1)})).sources[1].jobs.empty());
  slurm_.accounting[0]["Submit"] = "1000";
  slurm_.accounting[0]["JobName"] = "theirs";
  EXPECT_TRUE(scheduler_.Poll(Request({Tag(1)})).sources[1].jobs.empty());
}

TEST_F(SlurmSchedulerTest, KeepsTheSubmitTimeOfARequeuedJob) {
  slurm_.queue = {QueueRow("42", 1, "RUNNING")};
  scheduler_.Poll(Request({Tag(1)}));
  slurm_.queue[0]["SUBMIT_TIME"] = "1500";
  slurm_.queue[0]["RESTART_COUNT"] = "1";
  const LocalJobView view = scheduler_.Poll(Request({Tag(1)})).sources[0].jobs.at(0);
  EXPECT_EQ(view.submit_time, TimestampFromSeconds(1000));
  EXPECT_EQ(view.restarts, 1);
  slurm_.queue[0]["RESTART_COUNT"] = "0";  // no requeue: another job of the same tag
  EXPECT_EQ(scheduler_.Poll(Request({Tag(1)})).sources[0].jobs.at(0).submit_time, TimestampFromSeconds(1500));
}

TEST_F(SlurmSchedulerTest, PassesUnknownStatesOnAsUnknown) {
  slurm_.queue = {QueueRow("42", 1, "HIBERNATING")};
  const LocalJobView view = scheduler_.Poll(Request({Tag(1)})).sources[0].jobs.at(0);
  EXPECT_EQ(view.state, LocalState::kUnknown);
  EXPECT_EQ(view.raw_state, "HIBERNATING");
}

TEST_F(SlurmSchedulerTest, SplitsManyTagsIntoSeveralQuestions) {
  std::vector<std::string> tags;
  for (int i = 0; i < 4'500; ++i) {
    Uuid uuid;
    uuid.bytes[0] = static_cast<uint8_t>(i % 256);
    uuid.bytes[1] = static_cast<uint8_t>(i / 256);
    tags.push_back(LocalTag(AttemptId(uuid)));
  }
  scheduler_.Poll(Request(tags));
  EXPECT_EQ(slurm_.CountOf("sacct"), 3U);
  for (const ChildCommand& command : slurm_.commands) {
    for (const std::string& argument : command.argv) EXPECT_LT(argument.size(), 128U * 1024U);
  }
}

TEST_F(SlurmSchedulerTest, DrawsANewSeparatorForEveryQuestion) {
  scheduler_.Poll(Request({Tag(1)}));
  const std::string first = FakeSlurm::Option(slurm_.LastOf("squeue"), "--Format");
  scheduler_.Poll(Request({Tag(1)}));
  EXPECT_NE(FakeSlurm::Option(slurm_.LastOf("squeue"), "--Format"), first);
}

TEST_F(SlurmSchedulerTest, CancelsOnlyTheJobThatIsNamed) {
  slurm_.queue = {QueueRow("42", 1, "RUNNING")};
  EXPECT_TRUE(scheduler_.Cancel(Identity("42", 1)).ok());
  EXPECT_THAT(slurm_.LastOf("scancel").argv, ElementsAre("scancel", "--jobname=" + Tag(1), "42"));
  const size_t before = slurm_.CountOf("scancel");

  EXPECT_TRUE(scheduler_.Cancel(Identity("42", 2)).ok());  // the id is another's: ours is gone
  EXPECT_TRUE(scheduler_.Cancel(Identity("77", 1)).ok());  // not known any more
  LocalJobIdentity earlier = Identity("42", 1);
  earlier.submit_time = TimestampFromSeconds(900);
  EXPECT_TRUE(scheduler_.Cancel(earlier).ok());
  slurm_.queue[0]["STATE"] = "COMPLETED";
  EXPECT_TRUE(scheduler_.Cancel(Identity("42", 1)).ok());
  EXPECT_EQ(slurm_.CountOf("scancel"), before);
}

TEST_F(SlurmSchedulerTest, SaysWhyItCouldNotCancel) {
  slurm_.queue = {QueueRow("42", 1, "RUNNING")};
  slurm_.answers["scancel"] =
      FakeSlurm::Failed(210, "scancel: error: Kill job error on job id 42: Access/permission denied\n");
  EXPECT_EQ(scheduler_.Cancel(Identity("42", 1)).code(), StatusCode::kPermissionDenied);
  slurm_.answers["scancel"] = FakeSlurm::Failed(
      8, "scancel: error: Kill job error on job id 42: Unable to contact slurm controller (connect failure)\n");
  EXPECT_EQ(scheduler_.Cancel(Identity("42", 1)).code(), StatusCode::kUnavailable);
  slurm_.answers["scancel"] =
      FakeSlurm::Failed(1, "scancel: error: Kill job error on job id 42: Invalid job id specified\n");
  EXPECT_TRUE(scheduler_.Cancel(Identity("42", 1)).ok());
  slurm_.answers["squeue"] = FakeSlurm::TimedOut();
  EXPECT_EQ(scheduler_.Cancel(Identity("42", 1)).code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(scheduler_.Cancel(Identity("--uid=0", 1)).code(), StatusCode::kInvalidArgument);
  LocalJobIdentity elsewhere = Identity("42", 1);
  elsewhere.cluster = "beta";
  EXPECT_EQ(scheduler_.Cancel(elsewhere).code(), StatusCode::kFailedPrecondition);
}

TEST_F(SlurmSchedulerTest, RemembersWhatItCancelledItself) {
  slurm_.queue = {QueueRow("42", 1, "RUNNING")};
  ASSERT_TRUE(scheduler_.Cancel(Identity("42", 1)).ok());
  slurm_.queue[0]["STATE"] = "CANCELLED";  // squeue does not say by whom
  EXPECT_EQ(scheduler_.Poll(Request({Tag(1)})).sources[0].jobs.at(0).cause, EndCause::kCancelledByUser);
}

TEST_F(SlurmSchedulerTest, DescribesItself) {
  EXPECT_EQ(scheduler_.Describe().value(), "slurm 22.05.8");
  slurm_.answers["scontrol"] =
      FakeSlurm::Failed(1, "slurm_load_ctl_conf error: Unable to contact slurm controller (connect failure)\n");
  EXPECT_EQ(scheduler_.Describe().status().code(), StatusCode::kUnavailable);
}

TEST_F(SlurmSchedulerTest, NamesTheCureWhenACommandIsMissing) {
  slurm_.answers.insert_or_assign("sbatch", NotFound("sbatch is not in the path"));
  const std::vector<CheckLine> lines = scheduler_.Check(MakeJob(Attempt(1)));
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines[0].verdict, CheckLine::Verdict::kFail);
  EXPECT_THAT(lines[0].what, HasSubstr("sbatch"));
  EXPECT_THAT(lines[0].cure, HasSubstr("install"));
}

}  // namespace
}  // namespace turnpike::slurm
