// A real Slurm that fails: answers, jobs and ids that are lost, a controller that dies, also together with the agent
// (docs/faults.md A9 to A12, E1 to E5, E16, E19, E21, E22).  Needs root and the packages of `deploy/packages slurm`;
// without them these tests fail, and say so.
#include <regex>

#include "adapters/core/local_tag.h"
#include "tests/e2e/slurm_site.h"

namespace turnpike {
namespace {

constexpr char kJobName[] = "payload";
constexpr char kWitness[] = "witness";
constexpr std::chrono::minutes kEndTime{4};

constexpr char kLiveAttempt[] = R"sql(
    SELECT a.state, a.local_job_id, a.attempt_id
      FROM attempt AS a
      JOIN job AS j ON j.job_id = a.job_id
     WHERE j.name = $1
)sql";

constexpr char kReportsOfLoad[] = R"sql(
    SELECT number
      FROM site_capacity
)sql";

std::string Trimmed(std::string line) {
  line.erase(std::min(line.find('\n'), line.size()));
  return line;
}

class SlurmFault : public SlurmSite {
 protected:
  // An earlier job of ours stays in sight: without one a source that shows nothing tells nothing.  The failpoints are
  // for the second job, so their numbers begin with it.
  void StartWithWitness(const Setting& setting) {
    StartAll(setting);
    ASSERT_FALSE(HasFatalFailure());
    const Result<std::string> job_id = federation_->Submit(federation_->payload().Job(kWitness));
    ASSERT_TRUE(job_id.ok()) << MessageOf(job_id.status());
    const Result<v1::Job> job = federation_->WaitForEnd(*job_id, kEndTime);
    ASSERT_TRUE(job.ok()) << MessageOf(job.status());
    ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->SaveState()));
  }
  // A stranger's job that leaves no room for ours.
  void FillCluster() {
    ASSERT_TRUE(lab_->Command({"sbatch", "--parsable", "--exclusive", "--job-name=blocker", "--wrap=sleep 3600"}).ok());
    ASSERT_TRUE(Eventually([this] { return lab_->Command({"squeue", "-h", "-t", "R"}).value_or("") != ""; }));
  }

  struct LiveAttempt {
    std::string state;  // empty where the job has no attempt under way
    std::string local_job_id;
    std::string tag;
  };
  LiveAttempt Attempt() const {
    const Result<std::vector<Database::Row>> rows = database_->Query(kLiveAttempt, {kJobName});
    EXPECT_TRUE(rows.ok()) << MessageOf(rows.status());
    if (!rows.ok() || rows->size() != 1) {
      return {};
    }
    const Database::Row& row = rows->front();
    return {.state = row[0], .local_job_id = row[1], .tag = LocalTag(*AttemptId::Parse(row[2]))};
  }
  // Ended ones included.
  std::string LocalJobsOf(const std::string& tag) const {
    return lab_->Command({"squeue", "--noheader", "--states=all", "--name=" + tag, "--format=%i"}).value_or("?");
  }
  std::string Show(const std::string& local_job_id) const {
    return lab_->Command({"scontrol", "show", "job", local_job_id}).value_or("");
  }
  // A copy of a local job as a late or repeated submission would make it; its id.
  std::string SubmitCopy(const LiveAttempt& attempt, std::vector<std::string> options) const {
    const std::string script = federation_->Path("copy.sh");
    EXPECT_TRUE(lab_->Command({"scontrol", "write", "batch_script", attempt.local_job_id, script}).ok());
    const Result<std::string> comment =
        lab_->Command({"squeue", "--noheader", "--jobs=" + attempt.local_job_id, "--format=%k"});
    EXPECT_TRUE(comment.ok()) << MessageOf(comment.status());
    std::vector<std::string> argv = {"sbatch",
                                     "--parsable",
                                     "--chdir=/",
                                     "--output=/dev/null",
                                     "--job-name=" + attempt.tag,
                                     "--comment=" + Trimmed(comment.value_or(""))};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.push_back(script);
    const Result<std::string> id = lab_->Command(argv);
    EXPECT_TRUE(id.ok()) << MessageOf(id.status());
    return Trimmed(id.value_or(""));
  }

  v1::Job EndOf(std::future<Result<std::string>>& submission) {
    const Result<std::string> job_id = submission.get();
    EXPECT_TRUE(job_id.ok()) << MessageOf(job_id.status());
    const Result<v1::Job> job = federation_->WaitForEnd(job_id.value_or(""), kEndTime);
    EXPECT_TRUE(job.ok()) << MessageOf(job.status());
    return job.value_or(v1::Job());
  }
  static bool IsLostBySite(const v1::Job& job) {
    return job.state() == v1::JOB_STATE_FAILED && job.cause() == v1::END_CAUSE_SITE_INTERRUPTED &&
           ChargedMicros(job) == 0;
  }
  int Starts() const { return federation_->payload().Runs()[kJobName].starts; }
};

// A10, E1: sbatch gives up, and the controller takes the job all the same.
TEST_F(SlurmFault, SubmissionThatTimedOutIsAdoptedByItsTag) {
  ASSERT_NO_FATAL_FAILURE(StartWithWitness({}));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->Do("pause", "slurmctld")));
  auto submission = federation_->SubmitInBackground(federation_->payload().Job(kJobName));
  ASSERT_TRUE(Eventually([this] { return Attempt().state == "AMBIGUOUS"; }, kEndTime)) << Attempt().state;
  const std::string tag = Attempt().tag;
  ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->Do("resume", "slurmctld")));
  const v1::Job job = EndOf(submission);
  EXPECT_EQ(job.state(), v1::JOB_STATE_COMPLETED) << job.ShortDebugString();
  EXPECT_EQ(job.attempt_count(), 1);
  EXPECT_EQ(LocalJobsOf(tag), job.local_job_id() + "\n") << "adopted, not sent again";
  EXPECT_EQ(Starts(), 1);
  ExpectSound();
}

// E2, E16: a copy that starts beside the running job finds the guard taken; one that waits is cancelled.
TEST_F(SlurmFault, LateCopiesDoNotRun) {
  ASSERT_NO_FATAL_FAILURE(StartWithWitness({}));
  const std::string gate = federation_->Path("gate");
  auto submission = federation_->SubmitInBackground(federation_->payload().Job(kJobName, gate));
  ASSERT_TRUE(Eventually([this] { return Starts() == 1 && Attempt().state == "STARTED"; }));
  const LiveAttempt attempt = Attempt();

  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().Pause()));
  const std::string started = SubmitCopy(attempt, {});
  EXPECT_TRUE(Eventually([&] { return Show(started).find("ExitCode=86:0") != std::string::npos; })) << Show(started);
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().Resume()));

  const std::string waiting = SubmitCopy(attempt, {"--hold"});
  EXPECT_TRUE(Eventually([&] { return Show(waiting).find("JobState=CANCELLED") != std::string::npos; }))
      << Show(waiting);
  ASSERT_TRUE(OpenGate(gate).ok());
  const v1::Job job = EndOf(submission);
  EXPECT_EQ(job.state(), v1::JOB_STATE_COMPLETED) << job.ShortDebugString();
  EXPECT_EQ(job.local_job_id(), attempt.local_job_id);
  EXPECT_EQ(job.attempt_count(), 1);
  EXPECT_EQ(Starts(), 1);
  ExpectSound();
}

// E3, E4: the controller forgets our job and gives its id to somebody else's.
TEST_F(SlurmFault, ReusedIdIsNotMistakenForOurs) {
  ASSERT_NO_FATAL_FAILURE(StartWithWitness({.agent_failpoints = "agent.post_submitted=stop@2"}));
  ASSERT_NO_FATAL_FAILURE(FillCluster());
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
  EXPECT_EQ(job.attempt_count(), 2) << "the lost one was fenced, and tried again";
  EXPECT_NE(job.local_job_id() + "\n", *theirs);
  EXPECT_EQ(job.exit_code(), 0);
  EXPECT_EQ(Starts(), 1);
  EXPECT_TRUE(Eventually([&] { return Show(Trimmed(*theirs)).find("JobState=COMPLETED") != std::string::npos; }))
      << "ours was cancelled in their place: " << Show(Trimmed(*theirs));
  ExpectSound();
}

// E5: an administrator lets Slurm run it again.  The first run is over, and a second one would be refused.
TEST_F(SlurmFault, JobThatIsRequeuedIsTheSitesFaultAndRunsOnce) {
  ASSERT_NO_FATAL_FAILURE(StartWithWitness({}));
  auto submission = federation_->SubmitInBackground(federation_->payload().Job(kJobName, federation_->Path("never")));
  ASSERT_TRUE(Eventually([this] { return Starts() == 1 && Attempt().state == "STARTED"; }));
  const std::string id = Attempt().local_job_id;
  ASSERT_TRUE(lab_->Command({"scontrol", "update", "JobId=" + id, "Requeue=1"}).ok());
  ASSERT_TRUE(lab_->Command({"scontrol", "requeue", id}).ok());
  const v1::Job job = EndOf(submission);
  EXPECT_TRUE(IsLostBySite(job)) << job.ShortDebugString();
  EXPECT_EQ(Starts(), 1);
  ExpectSound();
}

// E19: where no job of ours is in sight, an empty queue is no evidence, however often it is read.
TEST_F(SlurmFault, QueueThatShowsNoJobOfOursProvesNothing) {
  ASSERT_NO_FATAL_FAILURE(StartAll({.agent_failpoints = "agent.post_submitted=stop"}));
  ASSERT_NO_FATAL_FAILURE(FillCluster());
  ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->SaveState()));
  auto submission = federation_->SubmitInBackground(federation_->payload().Job(kJobName));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().WaitUntilStopped()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->RollBackController()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().Resume()));

  // It reports the load every ten seconds, and looks at the queue every second; six would settle the matter.
  ASSERT_TRUE(Eventually([this] { return Attempt().state == "SUBMITTED"; })) << Attempt().state;
  const int64_t reports = database_->Number(kReportsOfLoad).value_or(-1);
  ASSERT_TRUE(Eventually([&] { return database_->Number(kReportsOfLoad).value_or(0) >= reports + 3; }));
  EXPECT_EQ(Attempt().state, "SUBMITTED");

  // With another job of ours in sight it does.
  ASSERT_TRUE(lab_->Command({"scancel", "--name=blocker"}).ok());
  auto witness = federation_->SubmitInBackground(federation_->payload().Job(kWitness));
  EXPECT_EQ(EndOf(witness).state(), v1::JOB_STATE_COMPLETED);
  const v1::Job job = EndOf(submission);
  EXPECT_EQ(job.state(), v1::JOB_STATE_COMPLETED) << job.ShortDebugString();
  EXPECT_EQ(job.attempt_count(), 2);
  EXPECT_EQ(Starts(), 1);
  ExpectSound();
}

// E22: long after the save window the job runs on without its controller and is found again.
TEST_F(SlurmFault, RunningJobOutlivesItsController) {
  ASSERT_NO_FATAL_FAILURE(StartWithWitness({}));
  const std::string gate = federation_->Path("gate");
  auto submission = federation_->SubmitInBackground(federation_->payload().Job(kJobName, gate));
  ASSERT_TRUE(Eventually([this] { return Starts() == 1; }));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->SaveState()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->Do("kill", "slurmctld")));
  ASSERT_TRUE(OpenGate(gate).ok());
  ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->Do("revive", "slurmctld")));
  const v1::Job job = EndOf(submission);
  EXPECT_EQ(job.state(), v1::JOB_STATE_COMPLETED) << job.ShortDebugString();
  EXPECT_EQ(federation_->payload().Runs()[kJobName].ends, 1);
  ExpectSound();
}

// --- The controller dies while the agent stands at a point of the job's way, and comes back.

struct Point {
  std::string failpoint;
  bool may_lose;  // killed within its save window of 5 s the controller may lose a job that runs
  friend void PrintTo(const Point& point, std::ostream* out) { *out << point.failpoint; }
};

std::string PointName(const testing::TestParamInfo<Point>& info) {
  return std::regex_replace(info.param.failpoint, std::regex("\\."), "_");
}

class AtPoint : public SlurmFault, public testing::WithParamInterface<Point> {
 protected:
  std::future<Result<std::string>> SubmitAndStop() {
    auto submission = federation_->SubmitInBackground(federation_->payload().Job(kJobName));
    ExpectOk(site_->daemon().WaitUntilStopped());
    EXPECT_TRUE(federation_->FailpointReached(GetParam().failpoint));
    return submission;
  }
  void ExpectOneEnd(std::future<Result<std::string>>& submission) {
    const v1::Job job = EndOf(submission);
    EXPECT_TRUE(job.state() == v1::JOB_STATE_COMPLETED || (GetParam().may_lose && IsLostBySite(job)))
        << job.ShortDebugString();
    EXPECT_EQ(Starts(), 1);
    ExpectSound();
  }
};

// E21
class ControllerCrash : public AtPoint {};

TEST_P(ControllerCrash, LeavesOneEnd) {
  ASSERT_NO_FATAL_FAILURE(StartWithWitness(
      {.accounting = SlurmLab::Accounting::kYes, .agent_failpoints = GetParam().failpoint + "=stop@2"}));
  auto submission = SubmitAndStop();
  ASSERT_FALSE(HasFatalFailure());
  ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->Do("kill", "slurmctld")));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().Resume()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->Do("revive", "slurmctld")));
  ExpectOneEnd(submission);
}

const auto kPoints =
    testing::Values(Point{"agent.pre_claim", false}, Point{"agent.post_intent", false}, Point{"agent.post_spawn", true},
                    Point{"agent.post_submitted", true}, Point{"agent.pre_terminal", false});

INSTANTIATE_TEST_SUITE_P(At, ControllerCrash, kPoints, PointName);

// A7, A9 to A12 at Slurm: the agent dies with it, and its successor has the journal alone.
class ControllerAndAgentCrash : public AtPoint {};

TEST_P(ControllerAndAgentCrash, LeavesOneEnd) {
  ASSERT_NO_FATAL_FAILURE(StartWithWitness(
      {.accounting = SlurmLab::Accounting::kYes, .agent_failpoints = GetParam().failpoint + "=stop@2"}));
  auto submission = SubmitAndStop();
  ASSERT_FALSE(HasFatalFailure());
  ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->Do("kill", "slurmctld")));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().Kill()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(lab_->Do("revive", "slurmctld")));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->Start()));
  ExpectOneEnd(submission);
}

INSTANTIATE_TEST_SUITE_P(At, ControllerAndAgentCrash, kPoints, PointName);

}  // namespace
}  // namespace turnpike
