// A first job over the whole road, by the command that a user types: what it prints, and its exit codes.
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "tests/e2e/eventually.h"
#include "tests/e2e/federation.h"
#include "tests/e2e/sound_run.h"
#include "tests/support/scrape.h"

namespace turnpike {
namespace {

constexpr int kExitInvalid = 2;
constexpr int kExitNotFound = 3;
constexpr int kExitNoToken = 4;
constexpr int kExitDenied = 5;
constexpr int kExitNoSiteFits = 6;
constexpr int kExitBrokerAway = 9;
constexpr int kExitJobCancelled = 103;
constexpr int kExitJobTimeLimit = 124;

// One federation for all of them: they share what a morning's users would share.
class FirstJob : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    federation_ = std::make_unique<Federation>(Federation::Settings{.metrics = true});
    const Status started = federation_->StartBroker();
    ASSERT_TRUE(started.ok()) << MessageOf(started);
  }
  static void TearDownTestSuite() { federation_.reset(); }

  void SetUp() override { ASSERT_TRUE(federation_->broker().alive()) << federation_->broker().LogTail(); }

  static ChildResult Run(std::vector<std::string> words, const std::string& input = "") {
    const Result<ChildResult> result = federation_->RunCommand(std::move(words), input);
    EXPECT_TRUE(result.ok()) << MessageOf(result.status());
    return result.value_or(ChildResult{.exit_code = -1, .output = {}, .error_output = {}});
  }
  // What is there of a user whose settings are other than the development ones.
  static ChildResult RunWith(std::vector<std::string> words, const Environment& changes) {
    Environment environment = federation_->CommandEnvironment();
    for (const auto& [name, value] : changes) {
      environment[name] = value;
    }
    words.insert(words.begin(), ProgramPath("turnpike"));
    const Result<ChildResult> result = RunProgram({.argv = std::move(words), .environment = environment});
    EXPECT_TRUE(result.ok()) << MessageOf(result.status());
    return result.value_or(ChildResult{.exit_code = -1, .output = {}, .error_output = {}});
  }

  static v1::Job JobByName(const std::string& name) {
    const Result<std::unique_ptr<Client>> client = federation_->MakeClient();
    EXPECT_TRUE(client.ok());
    const Result<v1::ListJobsResponse> jobs = (*client)->ListJobs({});
    EXPECT_TRUE(jobs.ok()) << MessageOf(jobs.status());
    for (const v1::Job& job : jobs->jobs()) {
      if (job.name() == name) {
        return job;
      }
    }
    return {};
  }

  static std::unique_ptr<Federation> federation_;
};

std::unique_ptr<Federation> FirstJob::federation_;

TEST_F(FirstJob, RunsWithoutNamingASiteAndPrintsWhatItWrote) {
  const ChildResult result = Run({"submit", "--wait", "--job-name=hello", "--", "/bin/echo", "hello"});
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_EQ(result.output, "hello\n") << result.error_output;
  EXPECT_NE(result.error_output.find("charged "), std::string::npos) << result.error_output;
}

TEST_F(FirstJob, IsBilledByWhatItUsedAndTheSiteEarnsIt) {
  v1::JobSpec spec = federation_->payload().Job("billed");
  const Result<std::string> job_id = federation_->Submit(spec);
  ASSERT_TRUE(job_id.ok()) << MessageOf(job_id.status());
  const Result<v1::Job> job = federation_->WaitForEnd(*job_id);
  ASSERT_TRUE(job.ok()) << MessageOf(job.status());
  EXPECT_EQ(job->state(), v1::JOB_STATE_COMPLETED) << job->ShortDebugString();
  EXPECT_EQ(job->site(), "local");
  EXPECT_GT(ChargedMicros(*job), 0) << job->ShortDebugString();
  EXPECT_EQ(federation_->payload().Runs()["billed"].ends, 1);

  const Result<std::unique_ptr<Client>> client = federation_->MakeClient();
  v1::ListUsageRequest usage;
  usage.set_job_id(*job_id);
  const Result<v1::ListUsageResponse> records = (*client)->ListUsage(usage);
  ASSERT_TRUE(records.ok()) << MessageOf(records.status());
  ASSERT_EQ(records->records_size(), 1);
  EXPECT_EQ(records->records(0).charged(), job->money().charged());
  EXPECT_GE(records->records(0).core_seconds(), 1);

  const ChildResult earnings = Run({"--json", "transfers", "--site=local"});
  EXPECT_EQ(earnings.exit_code, 0) << earnings.error_output;
  EXPECT_NE(earnings.output.find(*job_id), std::string::npos) << earnings.output;
}

TEST_F(FirstJob, RunsInTheTraceOfWhoeverSubmittedIt) {
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const ChildResult result =
      RunWith({"submit", "--wait", "--wrap=echo \"$TRACEPARENT|$TURNPIKE_REQUEST_ID\""}, {{"TRACEPARENT", trace}});
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  const size_t bar = result.output.find('|');
  ASSERT_NE(bar, std::string::npos) << result.output;
  EXPECT_EQ(result.output.substr(0, bar), trace);
  EXPECT_EQ(result.output.size() - bar, 38U) << result.output;  // A UUID, as the command made it, and a line end.
}

TEST_F(FirstJob, HasATraceOfItsOwnWhereNobodySentOne) {
  const ChildResult result = Run({"submit", "--wait", "--job-name=traced", "--wrap=echo $TRACEPARENT"});
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  std::string id = JobByName("traced").job_id();
  std::erase(id, '-');
  EXPECT_EQ(result.output.substr(0, 36), "00-" + id + "-") << result.output;
}

TEST_F(FirstJob, IsSeenInTheBrokersMetrics) {
  ASSERT_EQ(Run({"submit", "--wait", "--", "/bin/true"}).exit_code, 0);
  const Result<std::map<std::string, double>> values = Scrape(federation_->metrics_port());
  ASSERT_TRUE(values.ok()) << MessageOf(values.status());
  const auto value = [&](const std::string& series) { return values->contains(series) ? values->at(series) : -1; };
  EXPECT_EQ(value(R"(turnpike_site_connected{site="local"})"), 1);
  EXPECT_EQ(value("turnpike_sessions"), 1);
  EXPECT_EQ(value("turnpike_placement_lease_held"), 1);
  EXPECT_LT(value("turnpike_event_lag_seconds"), 60);
  for (const char* counted :
       {R"(turnpike_calls_total{method="JobService/SubmitJob",code="OK"})",
        R"(turnpike_submissions_total{outcome="ACCEPTED"})", "turnpike_commit_jobs_sum",
        "turnpike_placement_placed_total", "turnpike_placement_round_seconds_count",
        R"(turnpike_job_events_total{kind="COMPLETED"})", R"(turnpike_reports_total{kind="ended"})",
        "turnpike_report_batch_seconds_count", "turnpike_log_bytes_total",
        R"(turnpike_transactions_total{pool="submit",outcome="ok"})", R"(turnpike_database_connections{pool="link"})",
        "turnpike_certificate_end_timestamp_seconds"}) {
    EXPECT_GT(value(counted), 0) << counted;
  }
}

TEST_F(FirstJob, EndsWithTheProgramsOwnCode) {
  EXPECT_EQ(Run({"submit", "--wait", "--wrap=exit 3"}).exit_code, 3);
}

TEST_F(FirstJob, EndsWith128AndTheSignalThatEndedTheProgram) {
  EXPECT_EQ(Run({"submit", "--wait", "--wrap=kill -KILL $$"}).exit_code, 128 + SIGKILL);
}

TEST_F(FirstJob, EndsWith124AtItsTimeLimit) {
  const ChildResult result = Run({"submit", "--wait", "--time=0:02", "--", "/bin/sleep", "600"});
  EXPECT_EQ(result.exit_code, kExitJobTimeLimit) << result.error_output;
}

TEST_F(FirstJob, EndsWith103WhenItIsCancelled) {
  std::future<ChildResult> waiting = std::async(std::launch::async, [] {
    return Run({"submit", "--wait", "--job-name=cancelled", "--", "/bin/sleep", "600"});
  });
  ASSERT_TRUE(Eventually([] { return JobByName("cancelled").state() == v1::JOB_STATE_RUNNING; }))
      << JobByName("cancelled").ShortDebugString();
  const ChildResult cancel = Run({"cancel", JobByName("cancelled").job_id()});
  EXPECT_EQ(cancel.exit_code, 0) << cancel.error_output;
  const ChildResult result = waiting.get();
  EXPECT_EQ(result.exit_code, kExitJobCancelled) << result.error_output;
}

TEST_F(FirstJob, PrintsOneJsonDocument) {
  const ChildResult result = Run({"--json", "submit", "--wait", "--", "/bin/echo", "noise"});
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  const nlohmann::json document = nlohmann::json::parse(result.output, nullptr, /*allow_exceptions=*/false);
  ASSERT_FALSE(document.is_discarded()) << result.output;
  EXPECT_EQ(document.value(nlohmann::json::json_pointer("/job/state"), ""), "JOB_STATE_COMPLETED") << result.output;
  EXPECT_TRUE(document.value(nlohmann::json::json_pointer("/job/money/settled"), false)) << result.output;
}

TEST_F(FirstJob, RefusesBadInputAndNamesTheField) {
  const ChildResult by_command = Run({"submit", "--time=banana", "--", "/bin/true"});
  EXPECT_EQ(by_command.exit_code, kExitInvalid);
  EXPECT_EQ(by_command.output, "");
  EXPECT_NE(by_command.error_output.find("--time"), std::string::npos) << by_command.error_output;
  // Only the broker knows this one to be wrong.
  const ChildResult by_broker = Run({"submit", "--job-name=" + std::string(200, 'x'), "--", "/bin/true"});
  EXPECT_EQ(by_broker.exit_code, kExitInvalid);
  EXPECT_NE(by_broker.error_output.find("name"), std::string::npos) << by_broker.error_output;
  EXPECT_EQ(JobByName(std::string(200, 'x')).job_id(), "");
}

TEST_F(FirstJob, TakesItsProjectsName) {
  const ChildResult result = Run({"submit", "--project=dev", "--dry-run", "--", "/bin/true"});
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_EQ(Run({"queue", "--project=dev"}).exit_code, 0);
  EXPECT_EQ(Run({"queue", "--project=other"}).exit_code, kExitNotFound);
}

TEST_F(FirstJob, SaysWhatIsNotThere) {
  EXPECT_EQ(Run({"show", "987654321"}).exit_code, kExitNotFound);
}

TEST_F(FirstJob, NeedsAToken) {
  const std::string token_path = federation_->Path("wrong-token");
  ASSERT_TRUE(RunForOutput({.argv = {"install", "-m", "600", "/dev/stdin", token_path}, .input = "tp_wrong\n"}).ok());
  const ChildResult wrong = RunWith({"submit", "--", "/bin/true"}, {{"TURNPIKE_TOKEN_FILE", token_path}});
  EXPECT_EQ(wrong.exit_code, kExitNoToken) << wrong.error_output;
  const ChildResult none = RunWith({"submit", "--", "/bin/true"}, {{"TURNPIKE_TOKEN_FILE", ""}});
  EXPECT_EQ(none.exit_code, kExitNoToken) << none.error_output;
}

TEST_F(FirstJob, NeedsFunds) {
  EXPECT_EQ(Run({"project", "create", "poor", "--unit=EUR"}).exit_code, 0);
  const Result<std::string> token =
      RunForOutput({.argv = {ProgramPath("turnpike-broker"), "token", "create", "--project", "poor", "--subject",
                             "tester", "--data", federation_->Path("data")}});
  ASSERT_TRUE(token.ok()) << MessageOf(token.status());
  const std::string token_path = federation_->Path("poor-token");
  ASSERT_TRUE(RunForOutput({.argv = {"install", "-m", "600", "/dev/stdin", token_path}, .input = *token}).ok());
  const ChildResult result = RunWith({"submit", "--", "/bin/true"}, {{"TURNPIKE_TOKEN_FILE", token_path}});
  EXPECT_EQ(result.exit_code, kExitDenied) << result.error_output;
}

TEST_F(FirstJob, SaysThatNoSiteCanEverRunIt) {
  const ChildResult result = Run({"submit", "--nodes=1000", "--", "/bin/true"});
  EXPECT_EQ(result.exit_code, kExitNoSiteFits) << result.error_output;
}

TEST(DevelopmentBroker, GivesItsCreditOnceHoweverOftenItIsCutOff) {
  Federation federation{Federation::Settings{}};
  EXPECT_FALSE(federation.StartBroker("dev.project_made=kill").ok());
  EXPECT_TRUE(federation.FailpointReached("dev.project_made"));
  for (int start = 0; start < 2; ++start) {
    const Status started = federation.StartBroker();
    ASSERT_TRUE(started.ok()) << MessageOf(started);
    const Result<std::unique_ptr<Database>> database = federation.OpenDatabase();
    ASSERT_TRUE(database.ok()) << MessageOf(database.status());
    EXPECT_EQ((*database)->Number("SELECT balance_micros FROM account WHERE kind = 'project'").value_or(-1),
              1'000'000'000);
    ASSERT_TRUE(federation.broker().Kill().ok());
  }
}

// The last one: the broker is gone after it.
TEST_F(FirstJob, SaysThatTheBrokerIsAway) {
  // What was submitted above, by whatever command, is over and right.
  const Result<std::unique_ptr<Client>> client = federation_->MakeClient();
  const Result<v1::ListJobsResponse> jobs = (*client)->ListJobs({});
  ASSERT_TRUE(jobs.ok()) << MessageOf(jobs.status());
  for (const v1::Job& job : jobs->jobs()) {
    federation_->NoteAccepted(job.job_id());
    const Result<v1::Job> ended = federation_->WaitForEnd(job.job_id());
    EXPECT_TRUE(ended.ok()) << MessageOf(ended.status());
  }
  const Status sound = CheckSoundRun(*federation_);
  EXPECT_TRUE(sound.ok()) << MessageOf(sound);

  const Status ended = federation_->broker().Terminate();
  ASSERT_TRUE(ended.ok()) << MessageOf(ended);
  const ChildResult result = Run({"submit", "--", "/bin/true"});
  EXPECT_EQ(result.exit_code, kExitBrokerAway) << result.error_output;
  EXPECT_EQ(result.output, "");
}

}  // namespace
}  // namespace turnpike
