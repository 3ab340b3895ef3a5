// turnpike quote, submit --quote and explain, over a broker made of functions.
#include "cli/quote_command.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include <nlohmann/json.hpp>

#include "cli/exit_code.h"
#include "cli/explain_command.h"
#include "cli/submit_command.h"
#include "tests/cli/fake_broker.h"

namespace turnpike {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kShares[] = R"(
    shares { site: "alpha" share: "main" eligible: true chosen: true ceiling: "0.12"
             expected_start_time { seconds: 1800000000 } expected_end_time { seconds: 1800003600 }
             checks { name: "cores per node" required: "4" available: "64" passed: true } }
    shares { site: "beta" share: "small" refusal: "CORES_PER_NODE" permanent: true
             explanation: "beta/small has 2 cores on a node, the job needs 4"
             checks { name: "cores per node" required: "4" available: "2" }
             checks { name: "re\033gion" required: "eu" available: "us" } })";

template <class Message>
Message Text(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

class QuoteCommandTest : public ::testing::Test {
 protected:
  void AnswerQuote(const std::string& more, const std::string& shares = kShares) {
    fixture_.broker->On<v1::QuoteJobRequest, v1::QuoteJobResponse>("JobService/QuoteJob",
                                                                   [this, more, shares](const auto& request) {
                                                                     request_ = request;
                                                                     return Text<v1::QuoteJobResponse>(shares + more);
                                                                   });
  }
  int Quote(std::vector<std::string> words, const std::string& input = "") {
    fixture_.in.str(input);
    return Code(RunQuote({.words = std::move(words), .environment = {{"TURNPIKE_TIME", "5"}}}, fixture_.context));
  }
  int Code(const Result<int>& code) {
    status_ = code.status();
    return code.ok() ? *code : -1;
  }
  std::string out() const { return fixture_.out.str(); }
  std::string err() const { return fixture_.err.str(); }

  CommandFixture fixture_;
  v1::QuoteJobRequest request_;
  Status status_ = OkStatus();
};

TEST_F(QuoteCommandTest, ReadsTheJobAsSubmitDoesAndShowsTheTable) {
  fixture_.project = "astro";
  AnswerQuote(R"(unit: "EUR" ceiling: "0.12" quote: "\001\377" expire_time { seconds: 1800000900 })");
  EXPECT_EQ(Quote({"-N2"}, "#!/bin/sh\n#SBATCH -c 4\n"), 0) << status_;
  EXPECT_EQ(request_.project_id(), "astro");
  EXPECT_EQ(request_.spec().resources().nodes(), 2);
  EXPECT_EQ(request_.spec().resources().cpus_per_task(), 4);
  EXPECT_EQ(request_.spec().time_limit().seconds(), 300);
  EXPECT_EQ(out(),
            "SHARE       RUNS         START                 END                   COSTS UP TO  WHY NOT NOW\n"
            "alpha/main  now, chosen  2027-01-15 08:00:00Z  2027-01-15 09:00:00Z     0.12 EUR\n"
            "beta/small  never                                                                 "
            "beta/small has 2 cores on a node, the job needs 4\n"
            "\n"
            "SHARE       LACKS           NEEDED  THERE\n"
            "beta/small  cores per node  4       2\n"
            "beta/small  re\\x1bgion      eu      us\n"
            "\n"
            "submission sets aside 0.12 EUR; you pay for what is allocated until the job's end, never more\n");
  EXPECT_THAT(err(), HasSubstr("until 2027-01-15 08:15:00Z"));
}

TEST_F(QuoteCommandTest, JsonHoldsTheQuoteThatSubmitTakes) {
  AnswerQuote(R"(unit: "EUR" ceiling: "0.12" quote: "\001\377\373" expire_time { seconds: 1800000900 })");
  EXPECT_EQ(Quote({"--json", "--", "true"}), 0) << status_;
  const std::string quote = nlohmann::json::parse(out()).at("quote");
  v1::SubmitJobRequest submitted;
  fixture_.broker->On<v1::SubmitJobRequest, v1::SubmitJobResponse>("JobService/SubmitJob", [&](const auto& request) {
    submitted = request;
    return v1::SubmitJobResponse();
  });
  EXPECT_EQ(Code(RunSubmit({.words = {"--quote=" + quote, "--", "true"}, .environment = {}}, fixture_.context)), 0);
  EXPECT_EQ(submitted.quote(), "\001\377\373");
  EXPECT_EQ(Code(RunSubmit({.words = {"--quote=a~b", "--", "true"}, .environment = {}}, fixture_.context)), -1);
  EXPECT_EQ(ExitCodeOf(status_), kExitInvalid);
  EXPECT_THAT(status_.ToString(), HasSubstr("turnpike quote --json"));
}

TEST_F(QuoteCommandTest, TheExitCodeTellsThatNoShareCanRunIt) {
  AnswerQuote(R"(unit: "EUR")");
  EXPECT_EQ(Quote({"--", "true"}), kExitNoSiteFits);
  EXPECT_THAT(out(), HasSubstr("no share can run this job"));
  EXPECT_THAT(out(), Not(HasSubstr("sets aside")));
  AnswerQuote("", "");
  EXPECT_EQ(Quote({"--", "true"}), kExitNoSiteFits);
  EXPECT_THAT(out(), HasSubstr("no site offers a share yet"));
}

TEST_F(QuoteCommandTest, HelpNeedsNoBroker) {
  EXPECT_EQ(Quote({"--help"}), 0);
  EXPECT_THAT(out(), HasSubstr("turnpike submit --quote=$QUOTE"));
  EXPECT_EQ(fixture_.connects, 0);
}

TEST_F(QuoteCommandTest, ExplainSaysWhyAndWhatWouldHelp) {
  fixture_.broker->On<v1::ExplainJobRequest, v1::ExplainJobResponse>("JobService/ExplainJob", [](const auto& request) {
    EXPECT_EQ(request.job_id(), "42");
    return Text<v1::ExplainJobResponse>(std::string(R"(
        job { number: 42 money { unit: "EUR" } } jobs_ahead: 3
        summary: "waits behind 3 jobs: beta/small has 2 cores on a node, the job needs 4"
        advice: "ask for at most 2 cores per node (--cpus-per-task=2): then beta/small could run it now")") +
                                        kShares);
  });
  EXPECT_EQ(Code(RunExplain({.job_id = "42"}, fixture_.context)), 0) << status_;
  EXPECT_THAT(out(), HasSubstr("job 42 waits behind 3 jobs: beta/small has 2 cores"));
  EXPECT_THAT(out(), HasSubstr("now, chosen"));
  EXPECT_THAT(out(), HasSubstr("\n  - ask for at most 2 cores per node (--cpus-per-task=2): then beta/small"));
  fixture_.out.str("");
  fixture_.context.json = true;
  EXPECT_EQ(Code(RunExplain({.job_id = "42"}, fixture_.context)), 0) << status_;
  EXPECT_EQ(nlohmann::json::parse(out()).at("jobsAhead"), "3");
}

}  // namespace
}  // namespace turnpike
