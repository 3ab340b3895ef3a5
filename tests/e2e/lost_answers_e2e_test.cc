// What is lost on its way comes again, or is asked for again, and counts once (docs/faults.md A1, A14, A15, G1, G3, G4,
// G6).
#include "tests/e2e/crash_test.h"

namespace turnpike {
namespace {

using LostAnswer = CrashTest;

// A1: the client dies before its answer; a second one sends the same job under the same key.
TEST_F(LostAnswer, BrokerGivesTheSameJobToTheSuccessorOfAClientThatDied) {
  ASSERT_NO_FATAL_FAILURE(Start("submit.post_commit=stop", ""));
  std::vector<std::string> words = {"submit", "--job-name=crash", "--time=10",
                                    "--request-id=" + federation_.NewRequestId(), "--"};
  const v1::JobSpec spec = federation_.payload().Job(kJobName);
  words.insert(words.end(), spec.command().arguments().begin(), spec.command().arguments().end());
  Daemon client({.name = "client", .argv = federation_.CommandLine(words), .log_path = federation_.Path("client.log")});
  ASSERT_NO_FATAL_FAILURE(ExpectOk(client.Start({})));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.broker().WaitUntilStopped()));
  EXPECT_EQ(Stored(), kAccepted);
  ASSERT_TRUE(client.alive()) << client.LogTail();
  ASSERT_NO_FATAL_FAILURE(ExpectOk(client.Kill()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.broker().Resume()));
  const Result<ChildResult> successor = federation_.RunCommand(words);
  ASSERT_TRUE(successor.ok()) << MessageOf(successor.status());
  EXPECT_EQ(successor->exit_code, 0) << successor->error_output;
  const Result<std::unique_ptr<Client>> reader = federation_.MakeClient();
  const Result<v1::ListJobsResponse> jobs = (*reader)->ListJobs({});
  ASSERT_TRUE(jobs.ok()) << MessageOf(jobs.status());
  ASSERT_EQ(jobs->jobs_size(), 1);
  EXPECT_EQ(successor->output, fmt::format("{}\n", jobs->jobs(0).number()));
  federation_.NoteAccepted(jobs->jobs(0).job_id());
  ExpectEnd(jobs->jobs(0).job_id(), v1::JOB_STATE_COMPLETED);
}

// A14, G1, G6: the broker dies once the charge is stored, before the agent learns that its reports have arrived; they
// come a second time, end and usage with them.
TEST_F(LostAnswer, BrokerThatDiesWithTheChargeStoredChargesOnce) {
  ASSERT_NO_FATAL_FAILURE(Start("", ""));
  const std::string gate = federation_.Path("gate");
  const std::string job_id = SubmitUntil(gate);
  ASSERT_TRUE(
      Eventually([&] { return federation_.GetJob(job_id).value_or(v1::Job()).state() == v1::JOB_STATE_RUNNING; }));
  ASSERT_TRUE(Eventually([&] { return Journal().reports.empty(); })) << "what came so far is acknowledged";

  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.broker().Kill()));
  ASSERT_TRUE(OpenGate(gate).ok());
  // The usage may come in a report after the end's.
  for (int deaths = 0; deaths < 3 && Stored() != kCharged; ++deaths) {
    ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.StartBroker("report.post_commit=kill")));
    ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.broker().WaitUntilDead()));
  }
  EXPECT_EQ(Stored(), kCharged);
  EXPECT_FALSE(Journal().reports.empty()) << "the agent knows of no acknowledgement, and sends them again";
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.StartBroker()));
  ExpectEnd(job_id, v1::JOB_STATE_COMPLETED);
  EXPECT_EQ(Stored(), kCharged);
}

// A15: the wish to cancel waits for an agent that is away.
TEST_F(LostAnswer, AgentThatWasAwayLearnsOfACancel) {
  ASSERT_NO_FATAL_FAILURE(Start("", ""));
  const std::string job_id = SubmitUntil(federation_.Path("never"));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().Kill()));
  ASSERT_NO_FATAL_FAILURE(Cancel(job_id));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->Start()));
  ExpectEnd(job_id, v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(federation_.payload().Runs()[kJobName].ends, 0);
}

TEST_F(LostAnswer, AgentThatWasAwayReportsAnEndThatCameBeforeTheCancel) {
  ASSERT_NO_FATAL_FAILURE(Start("", ""));
  const std::string gate = federation_.Path("gate");
  const std::string job_id = SubmitUntil(gate);
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().Kill()));
  ASSERT_NO_FATAL_FAILURE(Cancel(job_id));
  ASSERT_TRUE(OpenGate(gate).ok());
  ASSERT_TRUE(Eventually([&] { return federation_.payload().Runs()[kJobName].ends == 1; }));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->Start()));
  ExpectEnd(job_id, v1::JOB_STATE_COMPLETED);
}

// G3, G4: many clients with one key get one job; the same key for another job is refused.
TEST_F(LostAnswer, BrokerMakesOneJobOfOneKeyWhoeverAsks) {
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
  ExpectEnd(*job_ids.begin(), v1::JOB_STATE_COMPLETED);
}

}  // namespace
}  // namespace turnpike
