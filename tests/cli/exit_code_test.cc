#include "cli/exit_code.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error_reason.h"
#include "cli/error_report.h"
#include "cli/json_output.h"

namespace turnpike {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ExitCode, TellsEachKindOfErrorApart) {
  struct Case {
    Status status;
    int code;
  };
  const Case cases[] = {
      {OkStatus(), 0},
      {Internal("x"), 1},
      {Unknown("x"), 1},
      {DataLoss("x"), 1},
      {InvalidArgument("x"), 2},
      {OutOfRange("x"), 2},
      {Unimplemented("x"), 2},
      {NotFound("x"), 3},
      {Unauthenticated("x"), 4},
      {PermissionDenied("x"), 5},
      {ResourceExhausted("x"), 5},
      {WithReason(ResourceExhausted("x"), ErrorReason::kOverloaded), 9},
      {WithReason(FailedPrecondition("x"), ErrorReason::kBalanceTooLow), 5},
      {WithReason(FailedPrecondition("x"), ErrorReason::kNoSiteFits), 6},
      {WithReason(FailedPrecondition("x"), ErrorReason::kIllegalTransition), 7},
      {FailedPrecondition("x"), 7},
      {AlreadyExists("x"), 7},
      {Aborted("x"), 7},
      {DeadlineExceeded("x"), 8},
      {Unavailable("x"), 9},
      {MakeStatus(StatusCode::kCancelled, "x"), 130},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(ExitCodeOf(c.status), c.code) << c.status;
  }
}

TEST(ExitCode, OfAJobIsItsOwn) {
  struct Case {
    std::string job;
    int code;
  };
  const Case cases[] = {
      {"state: JOB_STATE_COMPLETED exit_code: 0", 0},
      {"state: JOB_STATE_COMPLETED", 0},
      {"state: JOB_STATE_FAILED exit_code: 3", 3},
      {"state: JOB_STATE_FAILED exit_code: 255", 255},
      {"state: JOB_STATE_FAILED exit_code: 256", 100},
      {"state: JOB_STATE_FAILED exit_code: -1", 100},
      {"state: JOB_STATE_FAILED exit_code: 0", 100},
      {"state: JOB_STATE_FAILED", 100},
      {"state: JOB_STATE_FAILED exit_signal: 9", 137},
      {"state: JOB_STATE_FAILED exit_signal: 9 exit_code: 3", 137},
      {"state: JOB_STATE_FAILED exit_signal: 128", 100},
      {"state: JOB_STATE_FAILED cause: END_CAUSE_TIME_LIMIT exit_signal: 15", 124},
      {"state: JOB_STATE_FAILED cause: END_CAUSE_OUT_OF_MEMORY", 100},
      {"state: JOB_STATE_CANCELLED exit_signal: 15", 103},
  };
  for (const Case& c : cases) {
    v1::Job job;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(c.job, &job));
    EXPECT_EQ(ExitCodeOf(job), c.code) << c.job;
  }
}

TEST(ErrorReport, NamesEveryFieldAndWhatToDo) {
  FieldViolations violations;
  violations.Add("spec.resources.nodes", "0 is not allowed");
  violations.Add("--time", "say a time \x1b[2J");
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(ReportError(violations.ToStatus(), {.out = out, .err = err}), 2);
  EXPECT_EQ(out.str(), "");
  EXPECT_EQ(err.str(),
            "turnpike: the request is wrong; correct this:\n"
            "  spec.resources.nodes: 0 is not allowed\n"
            "  --time: say a time \\x1b[2J\n");
}

TEST(ErrorReport, AdvisesByTheReason) {
  EXPECT_THAT(ErrorText(Unauthenticated("no token")), HasSubstr("TURNPIKE_TOKEN_FILE"));
  EXPECT_THAT(ErrorText(WithReason(FailedPrecondition("x"), ErrorReason::kNoSiteFits)), HasSubstr("turnpike sites"));
  EXPECT_THAT(ErrorText(WithReason(FailedPrecondition("x"), ErrorReason::kBalanceTooLow)),
              HasSubstr("turnpike balance"));
  EXPECT_THAT(ErrorText(PermissionDenied("x")), Not(HasSubstr("turnpike balance")));
  EXPECT_THAT(ErrorText(Unavailable("x")), HasSubstr("--request-id"));
  EXPECT_EQ(ErrorText(NotFound("no job 7")), "turnpike: no job 7\n");
  EXPECT_THAT(ErrorText(WithDetails(
                  Unavailable("x"),
                  {.reason = {}, .metadata = {}, .violations = {}, .retry_after = std::chrono::milliseconds(1500)})),
              HasSubstr("wait 2 s"));
}

TEST(ErrorReport, JsonIsOneDocumentEvenForHostileBytes) {
  std::ostringstream out;
  std::ostringstream err;
  const Status status =
      WithDetails(FailedPrecondition("balance \xff\n is low"), {.reason = ErrorReason::kBalanceTooLow,
                                                                .metadata = {{"account", "astro"}},
                                                                .violations = {{"a", "b"}},
                                                                .retry_after = std::chrono::milliseconds(250)});
  EXPECT_EQ(ReportError(status, {.out = out, .err = err, .json = true}), 5);
  const nlohmann::json error = nlohmann::json::parse(out.str()).at("error");
  EXPECT_EQ(error.at("code"), "FAILED_PRECONDITION");
  EXPECT_EQ(error.at("reason"), "BALANCE_TOO_LOW");
  EXPECT_EQ(error.at("metadata").at("account"), "astro");
  EXPECT_EQ(error.at("violations").at(0).at("path"), "a");
  EXPECT_EQ(error.at("retryAfter"), "0.250s");
  EXPECT_EQ(error.at("exitCode"), 5);
}

TEST(JsonOutput, WritesEveryFieldButThoseWithPresence) {
  v1::Job job;
  job.set_number(42);
  job.set_state(v1::JOB_STATE_RUNNING);
  const nlohmann::json without = nlohmann::json::parse(*ToJson(job));
  EXPECT_EQ(without.at("number"), "42");  // protobuf's rule for int64
  EXPECT_EQ(without.at("state"), "JOB_STATE_RUNNING");
  EXPECT_EQ(without.at("site"), "");
  EXPECT_EQ(without.at("cancelRequested"), false);
  EXPECT_FALSE(without.contains("exitCode"));  // not ended: no code, not code 0
  EXPECT_FALSE(without.contains("startTime"));
  job.set_exit_code(0);
  EXPECT_EQ(nlohmann::json::parse(*ToJson(job)).at("exitCode"), 0);
}

}  // namespace
}  // namespace turnpike
