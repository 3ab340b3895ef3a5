#include "cli/submit_command.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include <nlohmann/json.hpp>

#include "base/error_reason.h"
#include "cli/exit_code.h"
#include "cli/read_job.h"
#include "cli/wait_for_job.h"
#include "tests/cli/fake_broker.h"

namespace turnpike {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kJobId[] = "0190aaaa-0000-7000-8000-000000000042";

v1::Job JobOf(const std::string& text) {
  v1::Job job;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &job)) << text;
  job.set_job_id(kJobId);
  job.set_number(42);
  if (!job.has_money() && job.state() >= v1::JOB_STATE_COMPLETED) {
    job.mutable_money()->set_settled(true);
  }
  return job;
}

class SubmitCommandTest : public ::testing::Test {
 protected:
  SubmitCommandTest() {
    fixture_.broker->On<v1::SubmitJobRequest, v1::SubmitJobResponse>(
        "JobService/SubmitJob", [this](const auto& request) {
          request_ = request;
          ++submits_;
          v1::SubmitJobResponse response;
          *response.mutable_job() =
              JobOf("name: 'x' state: JOB_STATE_PENDING version: 1 money { unit: 'EUR' reserved: '1.00' }");
          return response;
        });
    fixture_.broker->On<v1::GetJobRequest, v1::GetJobResponse>(
        "JobService/GetJob", [this](const auto& request) -> Result<v1::GetJobResponse> {
          EXPECT_EQ(request.job_id(), kJobId);
          if (!get_status_.ok()) {
            return std::exchange(get_status_, OkStatus());
          }
          v1::GetJobResponse response;
          *response.mutable_job() = now_;
          return response;
        });
    fixture_.broker->OnStream<v1::WatchJobsRequest, v1::WatchJobsResponse>(
        "JobService/WatchJobs", [this](const auto& request) {
          watch_ = request;
          return watches_.empty()
                     ? std::pair(std::vector<v1::WatchJobsResponse>(), Internal("the test has no more watches"))
                     : Take(watches_);
        });
    fixture_.broker->OnStream<v1::ReadLogRequest, v1::ReadLogResponse>(
        "JobService/ReadLog", [this](const auto& request) {
          const std::string text = request.stream() == v1::ReadLogRequest::STREAM_ERROR ? job_error_ : job_output_;
          std::vector<v1::ReadLogResponse> pieces;
          for (size_t at = 0; at < text.size(); at += 3) {  // in small pieces, which cut characters
            pieces.emplace_back().set_data(text.substr(at, 3));
            pieces.back().set_offset(log_offset_ + static_cast<int64_t>(at));
          }
          return std::pair(pieces, log_status_);
        });
  }

  using Watch = std::pair<std::vector<v1::WatchJobsResponse>, Status>;
  static Watch Take(std::vector<Watch>& watches) {
    Watch first = watches.front();
    watches.erase(watches.begin());
    return first;
  }
  static v1::WatchJobsResponse Event(const std::string& job) {
    v1::WatchJobsResponse response;
    *response.mutable_event()->mutable_job() = JobOf(job);
    return response;
  }

  // The exit code, or -1 and the error in status_.
  int Submit(std::vector<std::string> words, const std::string& input = "") {
    fixture_.in.clear();
    fixture_.in.str(input);
    const Result<int> code = RunSubmit({.words = std::move(words), .environment = environment_}, fixture_.context);
    status_ = code.status();
    return code.ok() ? *code : -1;
  }
  std::string out() const { return fixture_.out.str(); }
  std::string err() const { return fixture_.err.str(); }

  CommandFixture fixture_;
  std::map<std::string, std::string> environment_;
  v1::SubmitJobRequest request_;
  v1::WatchJobsRequest watch_;
  v1::Job now_;  // what GetJob answers
  std::vector<Watch> watches_;
  std::string job_output_;
  std::string job_error_;
  int64_t log_offset_ = 0;
  Status log_status_ = OkStatus();
  Status get_status_ = OkStatus();
  Status status_ = OkStatus();
  int submits_ = 0;
};

TEST_F(SubmitCommandTest, SendsTheScriptOnStandardInput) {
  fixture_.project = "astro";
  EXPECT_EQ(Submit({"-N2"}, "#!/bin/sh\n#SBATCH -t 5\ntrue\n"), 0) << status_;
  EXPECT_EQ(out(), "42\n");
  EXPECT_EQ(request_.project_id(), "astro");
  EXPECT_EQ(request_.spec().script().content(), "#!/bin/sh\n#SBATCH -t 5\ntrue\n");
  EXPECT_EQ(request_.spec().time_limit().seconds(), 300);
  EXPECT_EQ(request_.spec().resources().nodes(), 2);
  EXPECT_FALSE(request_.validate_only());
  EXPECT_TRUE(RequestId::Parse(request_.request_id()));
}

TEST_F(SubmitCommandTest, ProjectAndRequestIdComeFromFlagsFirst) {
  fixture_.project = "astro";
  EXPECT_EQ(Submit({"--project=bio", "--request-id=0190aaaa-0000-7000-8000-000000000001", "--", "true"}), 0);
  EXPECT_EQ(request_.project_id(), "bio");
  EXPECT_EQ(request_.request_id(), "0190aaaa-0000-7000-8000-000000000001");
}

TEST_F(SubmitCommandTest, SaysWhereItsUserIsAsTheJobOrElseTheSettingsSay) {
  EXPECT_EQ(Submit({"--", "true"}), 0);
  EXPECT_FALSE(request_.spec().has_placement());
  fixture_.region = "cn-east";
  EXPECT_EQ(Submit({"--", "true"}), 0);
  EXPECT_EQ(request_.spec().placement().user_region(), "cn-east");
  EXPECT_EQ(Submit({"--user-region=eu", "--", "true"}), 0);
  EXPECT_EQ(request_.spec().placement().user_region(), "eu");
}

TEST_F(SubmitCommandTest, PrintsOneFormForEachReader) {
  EXPECT_EQ(Submit({"--parsable", "--", "true"}), 0);
  EXPECT_EQ(out(), "42;;\n");
  fixture_.out.str("");
  EXPECT_EQ(Submit({"--json", "--", "true"}), 0);
  EXPECT_EQ(nlohmann::json::parse(out()).at("job").at("number"), "42");
  fixture_.out.str("");
  fixture_.context.json = false;
  fixture_.terminal.out_is_terminal = true;
  EXPECT_EQ(Submit({"--", "true"}), 0);
  EXPECT_EQ(out(), "job 42 \"x\" accepted, held 1.00 EUR\n");
  EXPECT_THAT(err(), HasSubstr("turnpike show 42"));
}

TEST_F(SubmitCommandTest, DryRunAsksTheBrokerToStoreNothing) {
  for (const std::string flag : {"--dry-run", "--test-only"}) {
    EXPECT_EQ(Submit({flag, "--wait", "--", "true"}), 0);
    EXPECT_TRUE(request_.validate_only());
    EXPECT_EQ(out(), "");
    EXPECT_THAT(err(), HasSubstr("nothing was stored.  It would hold 1.00 EUR"));
  }
}

TEST_F(SubmitCommandTest, HelpVersionAndPrintSpecNeedNoBroker) {
  EXPECT_EQ(Submit({"--help"}), 0);
  EXPECT_THAT(out(), HasSubstr("--exclude-site"));
  EXPECT_THAT(out(), HasSubstr("-N, --nodes"));
  EXPECT_EQ(Submit({"-V"}), 0);
  EXPECT_THAT(out(), HasSubstr("turnpike 0."));
  EXPECT_EQ(Submit({"--print-spec", "-t5", "--wrap=true"}), 0);
  EXPECT_THAT(out(), HasSubstr("time_limit"));
  EXPECT_EQ(fixture_.connects, 0);
  EXPECT_EQ(submits_, 0);
}

TEST_F(SubmitCommandTest, NotesGoToStandardErrorUnlessQuiet) {
  EXPECT_EQ(Submit({"-o", "x", "--", "true"}), 0);
  EXPECT_THAT(err(), HasSubstr("note: --output (--output): output is kept with the job"));
  fixture_.err.str("");
  EXPECT_EQ(Submit({"-Q", "-o", "x", "--", "true"}), 0);
  EXPECT_EQ(err(), "");
}

TEST_F(SubmitCommandTest, RefusesBeforeSending) {
  struct Case {
    std::vector<std::string> words;
    std::string input;
    std::string error;
  };
  const Case cases[] = {
      {{}, "echo hi\n", "make its first line #!/bin/bash"},
      {{"--wrap=true", "job.sh"}, "", "'job.sh' would not run"},
      {{"--"}, "", "nothing stands after --"},
      {{"--bogus"}, "", "unknown option --bogus"},
      {{}, "#!/bin/sh\n#PBS -l select=2\ntrue\n", "line 2: #PBS is not read; say what the job needs"},
      {{"-a", "1-3"}, "#!/bin/sh\n", "arrays are not supported yet"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Submit(c.words, c.input), -1);
    EXPECT_EQ(ExitCodeOf(status_), kExitInvalid);
    EXPECT_THAT(std::string(MessageOf(status_)), HasSubstr(c.error));
  }
  EXPECT_EQ(submits_, 0);
  EXPECT_EQ(out(), "");
}

TEST_F(SubmitCommandTest, ATerminalIsNoScript) {
  fixture_.terminal.in_is_terminal = true;
  EXPECT_EQ(Submit({}), -1);
  EXPECT_THAT(std::string(MessageOf(status_)), HasSubstr("nothing to run"));
}

TEST_F(SubmitCommandTest, ForeignDirectivesBesideOurOwnAreNoted) {
  EXPECT_EQ(Submit({}, "#!/bin/sh\n#PBS -l select=2\n#SBATCH -N2\n"), 0) << status_;
  EXPECT_THAT(err(), HasSubstr("line 2: #PBS is not read"));
  fixture_.err.str("");
  EXPECT_EQ(Submit({"--ignore-pbs"}, "#!/bin/sh\n#PBS -l select=2\n"), 0) << status_;
  EXPECT_EQ(Submit({}, "#!/bin/sh\n#PBS -l select=2\n#SBATCH --ignore-pbs\n"), 0) << status_;
  EXPECT_EQ(err(), "");
}

TEST_F(SubmitCommandTest, TheBrokersViolationsTellWhereTheFieldWasSaid) {
  fixture_.broker->On<v1::SubmitJobRequest, v1::SubmitJobResponse>("JobService/SubmitJob",
                                                                   [](const auto&) -> Result<v1::SubmitJobResponse> {
                                                                     FieldViolations violations;
                                                                     violations.Add("spec.resources.nodes", "too many");
                                                                     return violations.ToStatus();
                                                                   });
  EXPECT_EQ(Submit({}, "#!/bin/sh\n#SBATCH -N9\n"), -1);
  const ErrorDetails details = DetailsOf(status_);
  EXPECT_THAT(details.violations, ElementsAre(FieldViolation{"resources.nodes (standard input line 2)", "too many"}));
  EXPECT_EQ(details.reason, ErrorReason::kInvalidField);
}

TEST_F(SubmitCommandTest, WaitSaysEachStateThenTheOutputThenTheBill) {
  now_ = JobOf("state: JOB_STATE_PENDING version: 1");
  job_output_ = "result ✓\n";
  job_error_ = "warning\x1b[2J\n";
  const std::string ended =
      "state: JOB_STATE_FAILED version: 5 site: 'alpha' share: 'normal' local_job_id: '77' exit_code: 3 cause: "
      "END_CAUSE_PROGRAM_ENDED "
      "money { unit: 'EUR' reserved: '1.00' charged: '0.12' settled: true }";
  v1::WatchJobsResponse last = Event(ended);
  watches_.push_back({{v1::WatchJobsResponse(),
                       Event("state: JOB_STATE_QUEUED version: 3 site: 'alpha' share: 'normal' local_job_id: '77'"),
                       Event("state: JOB_STATE_PLACED version: 2 site: 'alpha'"),  // late: not said
                       Event("state: JOB_STATE_RUNNING version: 4 site: 'al\x1bpha' share: 'normal'"), last},
                      OkStatus()});
  const int code = Submit({"--wait", "--", "false"});
  EXPECT_EQ(code, 3) << status_;
  EXPECT_EQ(out(), "result ✓\n");
  EXPECT_THAT(err(), HasSubstr("job 42 PENDING\n"
                               "job 42 QUEUED at alpha/normal, local job 77\n"
                               "job 42 RUNNING at al\\x1bpha/normal\n"
                               "job 42 FAILED at alpha/normal, local job 77: program ended, exit code 3\n"
                               "warning\\x1b[2J\n"
                               "job 42: charged 0.12 EUR of 1.00 held\n"));
  EXPECT_THAT(watch_.job_ids(), ElementsAre(kJobId));
  EXPECT_THAT(fixture_.farewell,
              HasSubstr("job 42 keeps running: see it with turnpike show 42, end it with turnpike cancel 42"));
}

TEST_F(SubmitCommandTest, WaitEndsWithTheJobsCode) {
  struct Case {
    std::string job;
    int code;
  };
  const Case cases[] = {{"state: JOB_STATE_COMPLETED exit_code: 0", 0},
                        {"state: JOB_STATE_FAILED exit_signal: 11", 139},
                        {"state: JOB_STATE_FAILED cause: END_CAUSE_TIME_LIMIT", 124},
                        {"state: JOB_STATE_FAILED cause: END_CAUSE_SITE_INTERRUPTED", 100},
                        {"state: JOB_STATE_CANCELLED", 103}};
  for (const Case& c : cases) {
    now_ = JobOf(c.job + " version: 9");  // ended before the watch could begin
    EXPECT_EQ(Submit({"--wait", "--", "x"}), c.code) << c.job;
  }
}

TEST_F(SubmitCommandTest, WaitWithJsonPrintsOneDocument) {
  now_ = JobOf("state: JOB_STATE_COMPLETED exit_code: 0 version: 9");
  job_output_ = "prose\n";
  EXPECT_EQ(Submit({"--wait", "--json", "--", "x"}), 0);
  const nlohmann::json document = nlohmann::json::parse(out());
  EXPECT_EQ(document.at("job").at("state"), "JOB_STATE_COMPLETED");
  EXPECT_EQ(document.at("job").at("exitCode"), 0);
}

TEST_F(SubmitCommandTest, OutputIsByteExactUnlessOnATerminal) {
  now_ = JobOf("state: JOB_STATE_COMPLETED version: 9");
  job_output_ = std::string("\x1b[31m\0\xff red\n", 12);
  EXPECT_EQ(Submit({"--wait", "--", "x"}), 0);
  EXPECT_EQ(out(), job_output_);
  fixture_.out.str("");
  fixture_.terminal.out_is_terminal = true;
  EXPECT_EQ(Submit({"--wait", "--", "x"}), 0);
  EXPECT_EQ(out(), "\\x1b[31m\\x00\\xff red\n");
}

TEST_F(SubmitCommandTest, OutputThatCannotBeReadDoesNotChangeTheCode) {
  now_ = JobOf("state: JOB_STATE_FAILED exit_code: 4 version: 9");
  log_status_ = NotFound("no output was kept");
  EXPECT_EQ(Submit({"--wait", "--", "x"}), 4);
  EXPECT_THAT(err(), HasSubstr("what the job wrote cannot be read: no output was kept"));
  fixture_.err.str("");
  log_status_ = OkStatus();
  log_offset_ = 1000;
  job_output_ = "tail\n";
  EXPECT_EQ(Submit({"--wait", "--", "x"}), 4);
  EXPECT_THAT(err(), HasSubstr("(1000 bytes are not kept and left out here)"));
}

TEST_F(SubmitCommandTest, AJobThatNoWatchShowsIsReadAgain) {
  now_ = JobOf("state: JOB_STATE_RUNNING version: 2");
  get_status_ = Unavailable("starting");
  fixture_.broker->OnStream<v1::WatchJobsRequest, v1::WatchJobsResponse>("JobService/WatchJobs", [this](const auto&) {
    now_ = JobOf("state: JOB_STATE_COMPLETED version: 3");  // ended between the first look and the watch
    return std::pair(std::vector<v1::WatchJobsResponse>(1), OkStatus());
  });
  const v1::Job accepted = JobOf("state: JOB_STATE_PENDING version: 1");
  const Result<v1::Job> job =
      WaitForJob({.job = accepted, .project = "", .wait_max = {}, .pause = {}}, *fixture_.client, fixture_.context);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->state(), v1::JOB_STATE_COMPLETED);
}

TEST_F(SubmitCommandTest, WaitsForTheChargeThatComesAfterTheEnd) {
  int looks = 0;
  fixture_.broker->On<v1::GetJobRequest, v1::GetJobResponse>(
      "JobService/GetJob", [&](const auto&) -> Result<v1::GetJobResponse> {
        const bool charged = ++looks == 3;
        v1::GetJobResponse response;
        *response.mutable_job() =
            JobOf(charged ? "state: JOB_STATE_COMPLETED version: 4 money { charged: '0.12' settled: true }"
                          : "state: JOB_STATE_COMPLETED version: 3 money { reserved: '1.00' }");
        return response;
      });
  const v1::Job accepted = JobOf("state: JOB_STATE_PENDING version: 1");
  const Result<v1::Job> job =
      WaitForJob({.job = accepted, .project = "", .wait_max = {}, .pause = {}, .charge_pause = {}}, *fixture_.client,
                 fixture_.context);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->money().charged(), "0.12");
  EXPECT_EQ(looks, 3);
}

TEST_F(SubmitCommandTest, WaitBeginsAfreshAfterABrokenWatch) {
  now_ = JobOf("state: JOB_STATE_RUNNING version: 2");
  watches_.push_back({{}, OutOfRange("the resume token is too old")});
  watches_.push_back({{}, OkStatus()});
  watches_.push_back({{Event("state: JOB_STATE_COMPLETED version: 3")}, OkStatus()});
  const v1::Job accepted = JobOf("state: JOB_STATE_PENDING version: 1");
  const Result<v1::Job> job =
      WaitForJob({.job = accepted, .project = "", .wait_max = {}, .pause = {}}, *fixture_.client, fixture_.context);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->state(), v1::JOB_STATE_COMPLETED);
}

TEST_F(SubmitCommandTest, WaitMaxEndsTheWaitAndNotTheJob) {
  now_ = JobOf("state: JOB_STATE_QUEUED version: 2");
  fixture_.broker->OnStream<v1::WatchJobsRequest, v1::WatchJobsResponse>("JobService/WatchJobs", [this](const auto&) {
    fixture_.clock.monotonic += std::chrono::minutes(5);
    return std::pair(std::vector<v1::WatchJobsResponse>(3), OkStatus());
  });
  EXPECT_EQ(Submit({"--wait-max=5", "--", "x"}), -1);
  EXPECT_EQ(ExitCodeOf(status_), kExitTimedOut);
  EXPECT_EQ(MessageOf(status_),
            "the time to wait is over and the job is QUEUED; job 42 goes on: see it with turnpike show 42, end it with "
            "turnpike "
            "cancel 42");
}

TEST_F(SubmitCommandTest, ABrokerThatStaysAwayEndsTheWaitAndNotTheJob) {
  now_ = JobOf("state: JOB_STATE_RUNNING version: 2");
  for (int i = 0; i < 4; ++i) {
    watches_.push_back({{}, Unavailable("connection refused")});
  }
  EXPECT_EQ(Submit({"--wait", "--", "x"}), -1);
  EXPECT_EQ(ExitCodeOf(status_), kExitBrokerAway);
  EXPECT_THAT(std::string(MessageOf(status_)), HasSubstr("job 42 goes on"));
}

TEST_F(SubmitCommandTest, ParsableWithWaitPrintsNothingButTheId) {
  now_ = JobOf("state: JOB_STATE_COMPLETED version: 9");
  job_output_ = "noise\n";
  EXPECT_EQ(Submit({"-W", "--parsable", "--", "x"}), 0);
  EXPECT_EQ(out(), "42;;\n");
}

TEST(WantsJson, AlsoWhereTheFlagsAreWrong) {
  EXPECT_TRUE(WantsJson({"--json", "job.sh"}));
  EXPECT_TRUE(WantsJson({"--bogus", "--json"}));
  EXPECT_FALSE(WantsJson({"job.sh", "--json"}));  // the script's
  EXPECT_FALSE(WantsJson({"--bogus", "--", "--json"}));
}

}  // namespace
}  // namespace turnpike
