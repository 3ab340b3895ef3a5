// One project asks for far more than it may: it is told so and when to come back, while another's calls, a running job
// and its agent's stream go on as if nothing were.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/error_reason.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/federation.h"
#include "tests/e2e/sound_run.h"
#include "tests/support/scrape.h"

namespace turnpike {
namespace {

constexpr int kThreads = 8;
constexpr int kCallsOfEach = 250;
constexpr int kOwnCalls = 30;
constexpr int kUserConnections = 8;  // of a broker, for what users ask

constexpr char kSessionEpoch[] = R"sql(
    SELECT max(epoch)
      FROM site_session
)sql";

constexpr char kPlacementEpoch[] = R"sql(
    SELECT max(epoch)
      FROM placement_lease
)sql";

// Jobs that are not over, or whose charge is not settled.
constexpr char kLive[] = R"sql(
    SELECT (SELECT count(*) FROM job_state) + (SELECT count(*) FROM attempt_end WHERE charge_state = 'PENDING')
)sql";

constexpr char kCompleted[] = R"sql(
    SELECT count(*)
      FROM job_end
     WHERE state = 'COMPLETED'
)sql";

constexpr char kEpochOfAlpha[] = R"sql(
    SELECT epoch
      FROM site_session AS e
      JOIN site AS s ON s.site_id = e.site_id
     WHERE s.name = 'alpha'
       AND e.connected
)sql";

constexpr char kWaitingForAccounts[] = R"sql(
    SELECT count(*)
      FROM pg_locks
     WHERE relation = 'account'::regclass
       AND NOT granted
)sql";

struct FloodCount {
  std::atomic<int> accepted = 0;
  std::atomic<int> refused = 0;
  std::atomic<int> without_wait = 0;  // refused, and not told when to try again
  std::atomic<int> other = 0;
};

class Overload : public testing::Test {
 protected:
  void SetUp() override {
    const Status started = federation_.StartBroker();
    ASSERT_TRUE(started.ok()) << MessageOf(started);
    Run({"project", "create", "flood", "--unit=EUR"});
    Run({"project", "deposit", "flood", "100"});
    const Result<std::string> token =
        RunForOutput({.argv = {ProgramPath("turnpike-broker"), "token", "create", "--data", federation_.Path("data"),
                               "--project", "flood", "--subject", "mallory"}});
    ASSERT_TRUE(token.ok()) << MessageOf(token.status());
    flood_token_ = token->substr(0, token->find('\n'));
  }

  void Run(const std::vector<std::string>& words) {
    const Result<ChildResult> result = federation_.RunCommand(words);
    ASSERT_TRUE(result.ok()) << MessageOf(result.status());
    ASSERT_EQ(result->exit_code, 0) << result->error_output;
  }

  int64_t Number(const char* sql) {
    const Result<std::unique_ptr<Database>> database = federation_.OpenDatabase();
    EXPECT_TRUE(database.ok()) << MessageOf(database.status());
    return (*database)->Number(sql).value_or(-1);
  }

  void Flood() {
    const Result<std::unique_ptr<Client>> client = federation_.MakeClient(flood_token_);
    ASSERT_TRUE(client.ok()) << MessageOf(client.status());
    for (int i = 0; i < kCallsOfEach; ++i) {
      v1::SubmitJobRequest request;
      request.set_request_id(federation_.NewRequestId());
      request.mutable_spec()->mutable_command()->add_arguments("/bin/true");
      request.mutable_spec()->mutable_time_limit()->set_seconds(60);
      Note((*client)->SubmitJob(request));
    }
  }

  void Note(const Result<v1::SubmitJobResponse>& answer) {
    if (answer.ok()) {
      ++count_.accepted;
      federation_.NoteAccepted(answer->job().job_id());
    } else if (answer.status().code() != StatusCode::kResourceExhausted) {
      ADD_FAILURE() << answer.status();
      ++count_.other;
    } else {
      ++count_.refused;
      count_.without_wait += DetailsOf(answer.status()).retry_after ? 0 : 1;
    }
  }

  // Few enough to be within the limits of their project.
  void CallAsAnother(const std::string& job_id) {
    const Result<std::unique_ptr<Client>> client = federation_.MakeClient();
    ASSERT_TRUE(client.ok()) << MessageOf(client.status());
    for (int i = 0; i < kOwnCalls; ++i) {
      v1::GetJobRequest request;
      request.set_job_id(job_id);
      const Result<v1::GetJobResponse> job = (*client)->GetJob(request);
      EXPECT_TRUE(job.ok()) << "call " << i << ": " << job.status();
    }
  }

  Federation federation_{Federation::Settings{
      .metrics = true, .broker_flags = {"--project-calls-per-second", "100", "--project-jobs-per-second", "2"}}};
  std::string flood_token_;
  FloodCount count_;
};

// C8: whoever asks for what a locked table holds keeps a connection and a thread for as long as it may wait.
TEST_F(Overload, AnAgentComesInWhileEveryConnectionOfUsersWaits) {
  const Result<SiteAgent*> site = federation_.AddSite({.name = "alpha", .scheduler_yaml = ProcessScheduler(4)});
  ASSERT_TRUE(site.ok()) << MessageOf(site.status());
  const Result<std::unique_ptr<Database>> owner = federation_.OpenDatabase("turnpike");
  ASSERT_TRUE(owner.ok()) << MessageOf(owner.status());
  const int64_t before = Number(kEpochOfAlpha);

  ASSERT_TRUE((*owner)->Execute("BEGIN").ok());
  const Status locked = (*owner)->Execute("LOCK TABLE account IN ACCESS EXCLUSIVE MODE");
  ASSERT_TRUE(locked.ok()) << MessageOf(locked);
  std::atomic<bool> enough = false;
  std::vector<std::thread> users;
  for (int i = 0; i < 2 * kUserConnections; ++i) {
    users.emplace_back([&] {
      const Result<std::unique_ptr<Client>> client = federation_.MakeClient();
      while (!enough && client.ok()) {
        (*client)->GetAccount({}).status().IgnoreError();
      }
    });
  }
  EXPECT_TRUE(Eventually([&] { return Number(kWaitingForAccounts) == kUserConnections; }))
      << Number(kWaitingForAccounts);
  EXPECT_TRUE((*site)->daemon().Kill().ok());
  EXPECT_TRUE((*site)->Start().ok());
  EXPECT_TRUE(Eventually([&] { return Number(kEpochOfAlpha) > before; }));
  EXPECT_TRUE(Eventually([&] { return Number(kWaitingForAccounts) == kUserConnections; }))
      << "the agent came in when users waited no more";

  enough = true;
  ASSERT_TRUE((*owner)->Execute("ROLLBACK").ok());
  for (std::thread& user : users) {
    user.join();
  }
}

TEST_F(Overload, OneProjectsFloodIsRefusedEarlyAndNobodyElseFeelsIt) {
  const Result<std::string> job_id = federation_.Submit(federation_.payload().Job("lasting", federation_.Path("gate")));
  ASSERT_TRUE(job_id.ok()) << MessageOf(job_id.status());
  ASSERT_TRUE(Eventually([&] {
    const Result<v1::Job> job = federation_.GetJob(*job_id);
    return job.ok() && job->state() == v1::JOB_STATE_RUNNING;
  }));
  const int64_t session = Number(kSessionEpoch);
  const int64_t placement = Number(kPlacementEpoch);

  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this] { Flood(); });
  }
  CallAsAnother(*job_id);
  for (std::thread& thread : threads) {
    thread.join();
  }

  EXPECT_GT(count_.accepted, 0);
  EXPECT_GT(count_.refused, kThreads * kCallsOfEach / 2);
  EXPECT_EQ(count_.without_wait, 0);
  EXPECT_EQ(count_.other, 0);
  const Result<std::map<std::string, double>> metrics = Scrape(federation_.metrics_port());
  ASSERT_TRUE(metrics.ok()) << MessageOf(metrics.status());
  double refused = 0;
  for (const char* cause : {"project-jobs", "project-calls"}) {
    const auto found = metrics->find(fmt::format("turnpike_calls_refused_total{{cause=\"{}\"}}", cause));
    refused += found == metrics->end() ? 0 : found->second;
  }
  EXPECT_EQ(refused, count_.refused);
  EXPECT_EQ(Number(kSessionEpoch), session) << "the agent's stream was cut";
  EXPECT_EQ(Number(kPlacementEpoch), placement) << "the placement lease was lost";

  ASSERT_TRUE(OpenGate(federation_.Path("gate")).ok());
  const Result<v1::Job> ended = federation_.WaitForEnd(*job_id);
  ASSERT_TRUE(ended.ok()) << MessageOf(ended.status());
  EXPECT_EQ(ended->state(), v1::JOB_STATE_COMPLETED) << ended->ShortDebugString();
  ASSERT_TRUE(Eventually([&] { return Number(kLive) == 0; })) << Number(kLive);
  EXPECT_EQ(Number(kCompleted), count_.accepted + 1);
  const Status sound = CheckSoundRun(federation_);
  EXPECT_TRUE(sound.ok()) << MessageOf(sound);
}

}  // namespace
}  // namespace turnpike
