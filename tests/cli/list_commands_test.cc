// queue, show, cancel, balance, transfers, usage, and the operators' commands, over a broker made of functions.
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include <nlohmann/json.hpp>

#include "base/error_reason.h"
#include "cli/exit_code.h"
#include "cli/job_text.h"
#include "cli/run_command.h"
#include "tests/cli/fake_broker.h"

namespace turnpike {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class Message>
Message Text(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

class CommandsTest : public ::testing::Test {
 protected:
  // Answers the method with this text, and keeps the request's text.
  template <class Request, class Response>
  void Answer(const std::string& method, const std::string& response) {
    fixture_.broker->On<Request, Response>(method, [this, response](const Request& request) {
      requests_.push_back(request.ShortDebugString());
      return Text<Response>(response);
    });
  }
  int Run(const CommandOptions& command) {
    const Result<int> code = RunCommand(command, fixture_.context);
    status_ = code.status();
    return code.ok() ? *code : -1;
  }
  std::string out() const { return fixture_.out.str(); }
  std::string err() const { return fixture_.err.str(); }

  CommandFixture fixture_;
  std::vector<std::string> requests_;
  Status status_ = OkStatus();
};

constexpr char kTwoJobs[] = R"(
    jobs { job_id: "u1" number: 43 name: "超算" state: JOB_STATE_RUNNING site: "alpha" local_job_id: "77"
           time_limit { seconds: 3600 } start_time { seconds: 1799999000 } money { unit: "EUR" reserved: "1.00" }
           cancel_requested: true }
    jobs { job_id: "u2" number: 42 name: "b\033[2J" state: JOB_STATE_COMPLETED reason: "done"
           start_time { seconds: 1799999000 }
           end_time { seconds: 1799999065 } money { unit: "EUR" reserved: "1.00" charged: "0.12" settled: true } })";

TEST_F(CommandsTest, QueueShowsColumns) {
  fixture_.project = "astro";
  Answer<v1::ListJobsRequest, v1::ListJobsResponse>("JobService/ListJobs", kTwoJobs);
  EXPECT_EQ(Run(QueueOptions{}), 0) << status_;
  EXPECT_EQ(out(),
            "JOBID  NAME      STATE      SITE   LOCALID  REASON   TIME    LIMIT           COST\n"
            "   43  超算      RUNNING*   alpha  77               16:40  1:00:00  held 1.00 EUR\n"
            "   42  b\\x1b[2J  COMPLETED                  done     1:05                0.12 EUR\n");
  EXPECT_THAT(requests_,
              ElementsAre("project_id: \"astro\" page_size: 100 states: JOB_STATE_PENDING states: JOB_STATE_PLACED "
                          "states: JOB_STATE_QUEUED states: JOB_STATE_RUNNING"));
}

TEST_F(CommandsTest, QueueTakesStatesAndProject) {
  Answer<v1::ListJobsRequest, v1::ListJobsResponse>("JobService/ListJobs", "");
  EXPECT_EQ(Run(QueueOptions{.project = "bio", .states = {"r", "COMPLETED"}, .header = false}), 0);
  EXPECT_EQ(Run(QueueOptions{.project = "", .states = {}, .all = true}), 0);
  EXPECT_THAT(requests_,
              ElementsAre("project_id: \"bio\" page_size: 100 states: JOB_STATE_RUNNING states: JOB_STATE_COMPLETED",
                          "page_size: 100"));
  EXPECT_EQ(Run(QueueOptions{.project = "", .states = {"FLYING"}}), -1);
  EXPECT_EQ(ExitCodeOf(status_), kExitInvalid);
}

TEST_F(CommandsTest, ListsAreTakenPageByPageUntilTheLimit) {
  fixture_.broker->On<v1::ListJobsRequest, v1::ListJobsResponse>(
      "JobService/ListJobs", [this](const v1::ListJobsRequest& request) {
        requests_.push_back(fmt::format("{}/{}", request.page_token(), request.page_size()));
        v1::ListJobsResponse response;
        for (int i = 0; i < 2; ++i) {
          response.add_jobs()->set_number(static_cast<int64_t>(requests_.size()));
        }
        response.set_next_page_token(fmt::format("p{}", requests_.size()));
        return response;
      });
  EXPECT_EQ(Run(QueueOptions{.project = "", .states = {}, .limit = 5}), 0);
  EXPECT_THAT(requests_, ElementsAre("/5", "p1/3", "p2/1"));
  EXPECT_THAT(err(), HasSubstr("only the newest 6 are shown"));
}

TEST_F(CommandsTest, ABrokerThatRepeatsAPageIsNoEndlessLoop) {
  Answer<v1::ListJobsRequest, v1::ListJobsResponse>("JobService/ListJobs", "next_page_token: 'same'");
  EXPECT_EQ(Run(QueueOptions{}), -1);
  EXPECT_EQ(status_.code(), StatusCode::kInternal);
}

TEST_F(CommandsTest, JsonIsOneDocumentForEachCommand) {
  fixture_.context.json = true;
  Answer<v1::ListJobsRequest, v1::ListJobsResponse>("JobService/ListJobs", kTwoJobs);
  Answer<v1::GetJobRequest, v1::GetJobResponse>("JobService/GetJob", "job { number: 42 }");
  Answer<v1::CancelJobRequest, v1::CancelJobResponse>("JobService/CancelJob", "job { number: 42 }");
  Answer<v1::ListSitesRequest, v1::ListSitesResponse>("SiteService/ListSites", "sites { name: 'alpha' }");
  Answer<v1::RegisterSiteRequest, v1::RegisterSiteResponse>("SiteService/RegisterSite", "enrollment_token: 't'");
  Answer<v1::DrainSiteRequest, v1::DrainSiteResponse>("SiteService/DrainSite", "site { name: 'alpha' }");
  Answer<v1::ResumeSiteRequest, v1::ResumeSiteResponse>("SiteService/ResumeSite", "site { name: 'alpha' }");
  Answer<v1::CreateEnrollmentTokenRequest, v1::CreateEnrollmentTokenResponse>("SiteService/CreateEnrollmentToken",
                                                                              "enrollment_token: 't'");
  Answer<v1::QuarantineSiteRequest, v1::QuarantineSiteResponse>("SiteService/QuarantineSite", "site { name: 'alpha' }");
  Answer<v1::ReleaseSiteRequest, v1::ReleaseSiteResponse>("SiteService/ReleaseSite", "site { name: 'alpha' }");
  Answer<v1::SetPriceBookRequest, v1::SetPriceBookResponse>("SiteService/SetPriceBook", "price_book { version: 1 }");
  Answer<v1::GetPriceBookRequest, v1::GetPriceBookResponse>("SiteService/GetPriceBook", "price_book { version: 1 }");
  Answer<v1::CreateProjectRequest, v1::CreateProjectResponse>("BillingService/CreateProject",
                                                              "project { name: 'astro' }");
  Answer<v1::DepositRequest, v1::DepositResponse>("BillingService/Deposit", "account { owner: 'astro' }");
  Answer<v1::GetAccountRequest, v1::GetAccountResponse>("BillingService/GetAccount", "account { owner: 'astro' }");
  Answer<v1::ListTransfersRequest, v1::ListTransfersResponse>("BillingService/ListTransfers",
                                                              "transfers { amount: '1' }");
  Answer<v1::ListUsageRequest, v1::ListUsageResponse>("BillingService/ListUsage", "records { charged: '1' }");
  Answer<v1::UpdateProjectRequest, v1::UpdateProjectResponse>("BillingService/UpdateProject",
                                                              "project { name: 'astro' weight: 3 }");
  Answer<v1::GetSiteRequest, v1::GetSiteResponse>("SiteService/GetSite", "site { name: 'alpha' }");
  Answer<v1::ScheduleMaintenanceRequest, v1::ScheduleMaintenanceResponse>("SiteService/ScheduleMaintenance",
                                                                          "window { window_id: 'w' }");
  Answer<v1::CancelMaintenanceRequest, v1::CancelMaintenanceResponse>("SiteService/CancelMaintenance",
                                                                      "site { name: 'alpha' }");
  const std::pair<CommandOptions, std::string> commands[] = {
      {QueueOptions{}, "jobs"},
      {ShowOptions{.job_id = "42"}, "job"},
      {CancelOptions{.job_ids = {"42"}}, "jobs"},
      {SitesOptions{}, "sites"},
      {SiteRegisterOptions{}, "enrollmentToken"},
      {SiteTokenOptions{}, "enrollmentToken"},
      {SiteQuarantineOptions{}, "site"},
      {SiteReleaseOptions{}, "site"},
      {SiteDrainOptions{}, "site"},
      {SiteResumeOptions{}, "site"},
      {PriceSetOptions{}, "priceBook"},
      {PriceShowOptions{}, "priceBook"},
      {ProjectCreateOptions{}, "project"},
      {DepositOptions{}, "account"},
      {ProjectWeightOptions{}, "project"},
      {SiteMaintenanceOptions{}, "site"},
      {SiteMaintenanceOptions{.until = "+4h"}, "window"},
      {SiteMaintenanceOptions{.cancel = "w"}, "site"},
      {BalanceOptions{}, "account"},
      {TransfersOptions{}, "transfers"},
      {UsageOptions{}, "records"},
  };
  for (const auto& [command, key] : commands) {
    fixture_.out.str("");
    EXPECT_EQ(Run(command), 0) << key << ": " << status_;
    EXPECT_TRUE(nlohmann::json::parse(out()).contains(key)) << key << ": " << out();
  }
}

TEST_F(CommandsTest, ShowTellsTheWholeJob) {
  Answer<v1::GetJobRequest, v1::GetJobResponse>("JobService/GetJob", R"(
      job { job_id: "u2" number: 42 name: "relax" state: JOB_STATE_FAILED reason: "oops\r" site: "alpha"
            share: "normal" local_job_id: "77"
            site_state: "FAILED" create_time { seconds: 1799998000 }
            start_time { seconds: 1799999000 } end_time { seconds: 1799999065 }
            exit_code: 3 cause: END_CAUSE_PROGRAM_ENDED fault_class: FAULT_CLASS_USER attempt_count: 1
            time_limit { seconds: 3600 }
            money { unit: "EUR" reserved: "1.00" charged: "0.12" settled: true provisional: true }
            spec { name: "relax" resources { nodes: 2 } } })");
  EXPECT_EQ(Run(ShowOptions{.job_id = "42"}), 0) << status_;
  EXPECT_THAT(requests_, ElementsAre("job_id: \"42\""));
  EXPECT_EQ(out(),
            "job        42 (u2)\n"
            "name       relax\n"
            "state      FAILED: program ended, exit code 3, fault: user (oops\\x0d)\n"
            "site       alpha/normal, local job 77 (FAILED)\n"
            "submitted  2027-01-15 07:26:40Z\n"
            "started    2027-01-15 07:43:20Z\n"
            "ended      2027-01-15 07:44:25Z\n"
            "run time   1:05\n"
            "limit      1:00:00\n"
            "attempts   1\n"
            "money      charged 0.12 EUR of 1.00 held (provisional: by the job's own record, may be corrected)\n"
            "asked for\n"
            "  name = relax\n"
            "  resources.nodes = 2\n");
}

// Of a long output that was followed, its beginning and its end are kept.
TEST_F(CommandsTest, ShowSaysWhereTheOutputHasAHole) {
  fixture_.broker->OnStream<v1::ReadLogRequest, v1::ReadLogResponse>("JobService/ReadLog", [](const auto&) {
    std::vector<v1::ReadLogResponse> pieces(2);
    pieces[0].set_data("begin\n");
    pieces[1].set_offset(1'006);
    pieces[1].set_data("end\n");
    return std::pair(pieces, OkStatus());
  });
  EXPECT_EQ(Run(ShowOptions{.job_id = "42", .output = true}), 0);
  EXPECT_EQ(out(), "begin\nend\n");
  EXPECT_EQ(fixture_.err.str(), "(1000 bytes are not kept and left out here)\n");
}

TEST_F(CommandsTest, ShowPrintsWhatTheJobWrote) {
  fixture_.broker->OnStream<v1::ReadLogRequest, v1::ReadLogResponse>(
      "JobService/ReadLog", [](const v1::ReadLogRequest& request) {
        v1::ReadLogResponse piece;
        piece.set_data(request.stream() == v1::ReadLogRequest::STREAM_ERROR ? "error" : "output");
        return std::pair(std::vector{piece}, OkStatus());
      });
  EXPECT_EQ(Run(ShowOptions{.job_id = "42", .output = true}), 0);
  EXPECT_EQ(out(), "output");
  EXPECT_EQ(Run(ShowOptions{.job_id = "42", .output = false, .error = true}), 0);
  EXPECT_EQ(out(), "outputerror");
  fixture_.context.json = true;
  EXPECT_EQ(Run(ShowOptions{.job_id = "42", .output = true}), -1);
  EXPECT_EQ(status_.code(), StatusCode::kInvalidArgument);
}

TEST_F(CommandsTest, CancelAsksForEveryJobAndReturnsTheFirstError) {
  fixture_.broker->On<v1::CancelJobRequest, v1::CancelJobResponse>(
      "JobService/CancelJob", [this](const v1::CancelJobRequest& request) -> Result<v1::CancelJobResponse> {
        requests_.push_back(request.job_id());
        EXPECT_TRUE(RequestId::Parse(request.request_id()));
        if (request.job_id() == "1") {
          return NotFound("no job 1");
        }
        if (request.job_id() == "2") {
          return FailedPrecondition("job 2 has ended");
        }
        return Text<v1::CancelJobResponse>("job { number: 3 state: JOB_STATE_RUNNING }");
      });
  EXPECT_EQ(Run(CancelOptions{.job_ids = {"1", "2", "3"}}), -1);
  EXPECT_THAT(requests_, ElementsAre("1", "2", "3"));
  EXPECT_EQ(MessageOf(status_), "no job 1");
  EXPECT_EQ(err(), "turnpike: job 2 has ended\njob 3 is RUNNING; its end is under way\n");
}

TEST_F(CommandsTest, AccountsBelongToAProjectOrASite) {
  Answer<v1::GetAccountRequest, v1::GetAccountResponse>(
      "BillingService/GetAccount",
      "account { owner: 'astro' unit: 'EUR' balance: '10.00' held: '1.00' available: '9.00' }");
  fixture_.project = "astro";
  EXPECT_EQ(Run(BalanceOptions{}), 0);
  EXPECT_EQ(out(), "ACCOUNT  UNIT  BALANCE  HELD  AVAILABLE\nastro    EUR     10.00  1.00       9.00\n");
  EXPECT_EQ(Run(BalanceOptions{.owner = {.project = "", .site = "alpha"}, .unit = "EUR"}), 0);
  EXPECT_EQ(Run(BalanceOptions{.owner = {.project = "bio", .site = ""}, .unit = ""}), 0);
  EXPECT_THAT(requests_, ElementsAre("project: \"astro\"", "site: \"alpha\" unit: \"EUR\"", "project: \"bio\""));
  EXPECT_EQ(Run(BalanceOptions{.owner = {.project = "bio", .site = "alpha"}, .unit = ""}), -1);
  EXPECT_EQ(status_.code(), StatusCode::kInvalidArgument);
}

TEST_F(CommandsTest, UsageIsAskedForSinceAMoment) {
  Answer<v1::ListUsageRequest, v1::ListUsageResponse>("BillingService/ListUsage", R"(
      records { job_id: "u1" site: "alpha" share: "cpu" local_job_id: "77"
                start_time { seconds: 1799990000 } end_time { seconds: 1799993600 }
                core_seconds: 14400
                charged: "0.08" unit: "EUR" formula: "4 core-hours x 0.02" provisional: true })");
  EXPECT_EQ(Run(UsageOptions{.project = "", .job_id = "u1", .since = "2h"}), 0) << status_;
  EXPECT_THAT(requests_, ElementsAre("job_id: \"u1\" page_size: 100 since { seconds: 1799992800 }"));
  EXPECT_THAT(out(),
              HasSubstr("u1   alpha  cpu    77       1:00:00    4.00     0.00    0.08*  EUR   4 core-hours x 0.02\n"));
}

TEST_F(CommandsTest, RegisterShowsTheTokenOnce) {
  Answer<v1::RegisterSiteRequest, v1::RegisterSiteResponse>(
      "SiteService/RegisterSite",
      "site { name: 'alpha' } enrollment_token: 'tok' ca_fingerprint: 'ab12' token_expire_time { seconds: 1800003600 "
      "}");
  EXPECT_EQ(Run(SiteRegisterOptions{.name = "alpha",
                                    .display_name = "",
                                    .region = "eu",
                                    .time_zone = "UTC",
                                    .token_lifetime = "30",
                                    .request_id = "0190aaaa-0000-7000-8000-000000000001"}),
            0);
  EXPECT_THAT(
      requests_,
      ElementsAre("request_id: \"0190aaaa-0000-7000-8000-000000000001\" name: \"alpha\" region: \"eu\" time_zone: "
                  "\"UTC\" token_lifetime { seconds: 1800 }"));
  EXPECT_EQ(out(),
            "site            alpha\ntoken           tok\nca fingerprint  ab12\ntoken ends      2027-01-15 09:00:00Z\n");
}

TEST_F(CommandsTest, PricesAreSetAsAWhole) {
  Answer<v1::SetPriceBookRequest, v1::SetPriceBookResponse>(
      "SiteService/SetPriceBook",
      "price_book { version: 3 unit: 'EUR' rates { share: '*' resource: RESOURCE_CORE_HOUR price: '0.02' } }");
  EXPECT_EQ(Run(PriceSetOptions{.site = "alpha",
                                .unit = "EUR",
                                .rates = {"*:core-hour=0.02", "gpu:big:accelerator-hour=1.5"},
                                .dry_run = true,
                                .request_id = "0190aaaa-0000-7000-8000-000000000001"}),
            0);
  EXPECT_THAT(
      requests_,
      ElementsAre(
          "request_id: \"0190aaaa-0000-7000-8000-000000000001\" site: \"alpha\" unit: \"EUR\" "
          "rates { share: \"*\" resource: RESOURCE_CORE_HOUR price: \"0.02\" } "
          "rates { share: \"gpu:big\" resource: RESOURCE_ACCELERATOR_HOUR price: \"1.5\" } validate_only: true"));
  EXPECT_THAT(out(), HasSubstr("*      core-hour   0.02  EUR\n"));
  EXPECT_THAT(err(), HasSubstr("nothing was stored"));
}

TEST_F(CommandsTest, EveryWrongRateIsNamed) {
  EXPECT_EQ(Run(PriceSetOptions{.site = "alpha",
                                .unit = "EUR",
                                .rates = {"core-hour=1", "a:core-hour", ":core-hour=1", "a:day=1", "a:core-hour=x",
                                          "a:core-hour=-1", "a:core-hour=0.0000001", "a:core-hour=1"},
                                .dry_run = false,
                                .request_id = ""}),
            -1);
  EXPECT_EQ(DetailsOf(status_).violations.size(), 7U);
  EXPECT_EQ(fixture_.connects, 0);
}

TEST_F(CommandsTest, ProjectsAreMadeAndFilled) {
  Answer<v1::CreateProjectRequest, v1::CreateProjectResponse>("BillingService/CreateProject",
                                                              "project { project_id: 'u' name: 'astro' unit: 'EUR' }");
  Answer<v1::DepositRequest, v1::DepositResponse>("BillingService/Deposit",
                                                  "account { owner: 'astro' available: '500.00' unit: 'EUR' }");
  EXPECT_EQ(Run(ProjectCreateOptions{.name = "astro", .unit = "EUR", .request_id = ""}), 0);
  EXPECT_EQ(Run(DepositOptions{.project = "astro", .amount = "500", .description = "grant", .request_id = ""}), 0);
  EXPECT_EQ(out(), "astro u EUR\nastro 500.00 EUR available\n");
  EXPECT_THAT(requests_[1], HasSubstr("project: \"astro\" amount: \"500\" description: \"grant\""));
}

TEST(JobText, TimesReadAsSqueueWritesThem) {
  EXPECT_EQ(ElapsedText(0), "0:00");
  EXPECT_EQ(ElapsedText(61), "1:01");
  EXPECT_EQ(ElapsedText(3600), "1:00:00");
  EXPECT_EQ(ElapsedText(183'845), "2-03:04:05");
  EXPECT_EQ(ElapsedText(-5), "0:00");
  const Timestamp now = TimestampFromSeconds(1'800'000'000);
  google::protobuf::Timestamp then;
  for (const auto& [ago, text] : {std::pair{5, "5 s ago"},
                                  {119, "119 s ago"},
                                  {120, "2 min ago"},
                                  {7200, "2 h ago"},
                                  {172'800, "2 d ago"},
                                  {-60, "0 s ago"}}) {
    then.set_seconds(1'800'000'000 - ago);
    EXPECT_EQ(AgoText(then, now), text);
  }
}

TEST(JobText, StatesThatThisVersionDoesNotKnowStillRead) {
  EXPECT_EQ(JobStateText(v1::JOB_STATE_QUEUED), "QUEUED");
  EXPECT_EQ(JobStateText(static_cast<v1::JobState>(99)), "UNKNOWN-99");
  EXPECT_EQ(CauseText(v1::END_CAUSE_OUT_OF_MEMORY), "out of memory");
  google::protobuf::Timestamp absurd;
  absurd.set_seconds(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(MomentText(absurd), "?");
}

}  // namespace
}  // namespace turnpike
