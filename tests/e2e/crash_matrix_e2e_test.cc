// Each process is killed at every named point of a job's way, or PostgreSQL while the broker stands at that point, and
// then started again.  Whatever came: the job ends once, ran at most once, is charged once (docs/faults.md A1 to A16,
// D2).
#include <gtest/gtest.h>

#include "tests/e2e/eventually.h"
#include "tests/e2e/federation.h"
#include "tests/e2e/sound_run.h"

namespace turnpike {
namespace {

constexpr char kJobName[] = "crash";

// "submit.pre_commit" as a test's name may be.
std::string TestName(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& character : name) {
    if (character == '.' || character == '=' || character == '@') {
      character = '_';
    }
  }
  return name;
}

// "journal.sync" of "journal.sync=error@3".
std::string FailpointName(const std::string& armed) {
  return armed.substr(0, armed.find('='));
}

class CrashMatrix : public testing::TestWithParam<std::string> {
 protected:
  void TearDown() override {
    if (HasFailure()) {
      ADD_FAILURE() << "the broker's log ends with:\n" << federation_.broker().LogTail();
      if (site_ != nullptr) {
        ADD_FAILURE() << "the agent's log ends with:\n" << site_->daemon().LogTail();
      }
    }
  }

  void Start(const std::string& broker_failpoints, const std::string& agent_failpoints) {
    const Status started = federation_.StartBroker(broker_failpoints);
    ASSERT_TRUE(started.ok()) << MessageOf(started);
    const Result<SiteAgent*> site =
        federation_.AddSite({.name = "alpha", .scheduler_yaml = ProcessScheduler(4)}, agent_failpoints);
    ASSERT_TRUE(site.ok()) << MessageOf(site.status());
    site_ = *site;
  }

  // What every run must come to.
  void ExpectOneEnd(std::future<Result<std::string>>& submission) {
    const Result<std::string> job_id = submission.get();
    ASSERT_TRUE(job_id.ok()) << MessageOf(job_id.status());
    const Result<v1::Job> job = federation_.WaitForEnd(*job_id);
    ASSERT_TRUE(job.ok()) << MessageOf(job.status());
    EXPECT_EQ(job->state(), v1::JOB_STATE_COMPLETED) << job->ShortDebugString();
    EXPECT_NE(job->money().charged(), "0") << job->ShortDebugString();
    EXPECT_EQ(federation_.payload().Runs()[kJobName].starts, 1);
    EXPECT_EQ(federation_.payload().Runs()[kJobName].ends, 1);
    const Status sound = CheckSoundRun(federation_);
    EXPECT_TRUE(sound.ok()) << MessageOf(sound);
  }

  static void ExpectOk(const Status& status) { ASSERT_TRUE(status.ok()) << MessageOf(status); }

  Federation federation_{Federation::Settings{.local_site = false}};
  SiteAgent* site_ = nullptr;
};

const auto kBrokerFailpoints =
    testing::Values("submit.mid", "submit.pre_commit", "submit.post_commit", "offer.planned", "offer.pre_commit",
                    "offer.post_commit", "report.pre_commit", "report.post_commit", "settle.mid");

// --- The broker dies, and is started again.

class BrokerCrash : public CrashMatrix {};

TEST_P(BrokerCrash, LeavesOneEndAndOneCharge) {
  ASSERT_NO_FATAL_FAILURE(Start(GetParam() + "=kill", ""));
  auto submission = federation_.SubmitInBackground(federation_.payload().Job(kJobName));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.broker().WaitUntilDead()));
  EXPECT_TRUE(federation_.FailpointReached(GetParam()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.StartBroker()));
  ExpectOneEnd(submission);
}

INSTANTIATE_TEST_SUITE_P(At, BrokerCrash, kBrokerFailpoints, TestName);

// --- The agent dies, and is started again.

class AgentCrash : public CrashMatrix {};

TEST_P(AgentCrash, LeavesOneEndAndOneCharge) {
  ASSERT_NO_FATAL_FAILURE(Start("", GetParam()));
  auto submission = federation_.SubmitInBackground(federation_.payload().Job(kJobName));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().WaitUntilDead()));
  EXPECT_TRUE(federation_.FailpointReached(FailpointName(GetParam())));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->Start()));
  ExpectOneEnd(submission);
}

// A journal that cannot be synced ends the agent as well; which sync of them it is, is a step of the job's way each.
INSTANTIATE_TEST_SUITE_P(At, AgentCrash,
                         testing::Values("agent.pre_claim=kill", "agent.post_intent=kill", "agent.post_spawn=kill",
                                         "agent.post_submitted=kill", "agent.pre_report=kill",
                                         "agent.pre_terminal=kill", "journal.sync=error@3", "journal.sync=error@4",
                                         "journal.sync=error@5", "journal.sync=error@6"),
                         TestName);

// --- PostgreSQL dies while the broker stands at that point; the broker lives, and starts it again.

class PostgresCrash : public CrashMatrix {};

TEST_P(PostgresCrash, LeavesOneEndAndOneCharge) {
  ASSERT_NO_FATAL_FAILURE(Start(GetParam() + "=stop", ""));
  auto submission = federation_.SubmitInBackground(federation_.payload().Job(kJobName));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.broker().WaitUntilStopped()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.KillPostgres()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.broker().Resume()));
  ExpectOneEnd(submission);
  EXPECT_TRUE(federation_.broker().alive()) << "a lost database is no reason for the broker to end";
}

INSTANTIATE_TEST_SUITE_P(At, PostgresCrash, kBrokerFailpoints, TestName);

// --- Everything dies at once.

class EverythingCrash : public CrashMatrix {};

TEST_P(EverythingCrash, ConvergesWithoutAPerson) {
  ASSERT_NO_FATAL_FAILURE(Start(GetParam() + "=stop", ""));
  auto submission = federation_.SubmitInBackground(federation_.payload().Job(kJobName));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.broker().WaitUntilStopped()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.broker().Kill()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().Kill()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.KillPostgres()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.StartBroker()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->Start()));
  ExpectOneEnd(submission);
}

INSTANTIATE_TEST_SUITE_P(At, EverythingCrash,
                         testing::Values("submit.post_commit", "offer.post_commit", "report.pre_commit", "settle.mid"),
                         TestName);

// A running job outlives all of them, and counts once.  Here it is the broker's own site, whose agent the broker
// starts.
TEST(EverythingAtOnce, WhileAJobRunsItGoesOnAndIsAdopted) {
  Federation federation({.local_site = true});
  const Status started = federation.StartBroker();
  ASSERT_TRUE(started.ok()) << MessageOf(started);
  const std::string gate = federation.Path("gate");
  const Result<std::string> job_id = federation.Submit(federation.payload().Job(kJobName, gate));
  ASSERT_TRUE(job_id.ok()) << MessageOf(job_id.status());
  ASSERT_TRUE(Eventually([&] { return HasStarted(federation.payload(), kJobName); }));

  const Result<ProcessIdentity> agent = federation.LocalAgent();
  ASSERT_TRUE(agent.ok()) << MessageOf(agent.status());
  EXPECT_TRUE(federation.broker().Kill().ok());
  EXPECT_TRUE(SignalProcess(*agent, SIGKILL).ok());
  EXPECT_TRUE(WaitUntilGone(*agent, std::chrono::seconds(10)));
  EXPECT_TRUE(federation.KillPostgres().ok());
  EXPECT_EQ(federation.payload().Runs()[kJobName].ends, 0);

  const Status restarted = federation.StartBroker();
  ASSERT_TRUE(restarted.ok()) << MessageOf(restarted);
  ASSERT_TRUE(OpenGate(gate).ok());
  const Result<v1::Job> job = federation.WaitForEnd(*job_id);
  ASSERT_TRUE(job.ok()) << MessageOf(job.status());
  EXPECT_EQ(job->state(), v1::JOB_STATE_COMPLETED) << job->ShortDebugString();
  const Status sound = CheckSoundRun(federation);
  EXPECT_TRUE(sound.ok()) << MessageOf(sound);
}

// A15: the wish to cancel waits for an agent that is away.
TEST_F(CrashMatrix, AgentThatWasAwayLearnsOfACancel) {
  ASSERT_NO_FATAL_FAILURE(Start("", ""));
  const Result<std::string> job_id = federation_.Submit(federation_.payload().Job(kJobName, federation_.Path("never")));
  ASSERT_TRUE(job_id.ok()) << MessageOf(job_id.status());
  ASSERT_TRUE(Eventually([&] { return HasStarted(federation_.payload(), kJobName); }));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().Kill()));
  const Result<std::unique_ptr<Client>> client = federation_.MakeClient();
  ASSERT_TRUE(client.ok());
  v1::CancelJobRequest cancel;
  cancel.set_job_id(*job_id);
  const Result<v1::CancelJobResponse> asked = (*client)->CancelJob(cancel);
  ASSERT_TRUE(asked.ok()) << MessageOf(asked.status());
  EXPECT_TRUE(asked->job().cancel_requested());
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->Start()));
  const Result<v1::Job> job = federation_.WaitForEnd(*job_id);
  ASSERT_TRUE(job.ok()) << MessageOf(job.status());
  EXPECT_EQ(job->state(), v1::JOB_STATE_CANCELLED) << job->ShortDebugString();
  const Status sound = CheckSoundRun(federation_);
  EXPECT_TRUE(sound.ok()) << MessageOf(sound);
}

// G3, G4: many clients with one key get one job; the same key for another job is refused.
TEST_F(CrashMatrix, BrokerMakesOneJobOfOneKeyWhoeverAsks) {
  ASSERT_NO_FATAL_FAILURE(Start("", ""));
  const Result<std::unique_ptr<Client>> client = federation_.MakeClient();
  ASSERT_TRUE(client.ok());
  v1::SubmitJobRequest request;
  request.set_request_id(federation_.NewRequestId());
  *request.mutable_spec() = federation_.payload().Job(kJobName);
  std::vector<std::future<Result<v1::SubmitJobResponse>>> answers;
  for (int i = 0; i < 50; ++i) {
    answers.push_back(std::async(std::launch::async, [&] { return (*client)->SubmitJob(request); }));
  }
  std::set<std::string> job_ids;
  for (auto& answer : answers) {
    const Result<v1::SubmitJobResponse> response = answer.get();
    ASSERT_TRUE(response.ok()) << MessageOf(response.status());
    job_ids.insert(response->job().job_id());
  }
  ASSERT_EQ(job_ids.size(), 1U);
  federation_.NoteAccepted(*job_ids.begin());
  v1::SubmitJobRequest other = request;
  other.mutable_spec()->set_name("another");
  EXPECT_EQ((*client)->SubmitJob(other).status().code(), StatusCode::kInvalidArgument);
  const Result<v1::Job> job = federation_.WaitForEnd(*job_ids.begin());
  ASSERT_TRUE(job.ok()) << MessageOf(job.status());
  const Status sound = CheckSoundRun(federation_);
  EXPECT_TRUE(sound.ok()) << MessageOf(sound);
}

}  // namespace
}  // namespace turnpike
