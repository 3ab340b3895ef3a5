#include "base/exposition/metrics_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/exposition/process_metrics.h"
#include "base/system_clock.h"
#include "tests/support/scrape.h"

namespace turnpike {
namespace {

using testing::HasSubstr;

// One server for all of them: it takes its library two seconds to end.
class MetricsServerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    metrics_ = std::make_unique<Metrics>();
    Result<std::unique_ptr<MetricsServer>> server = MetricsServer::Start("127.0.0.1:0", *metrics_);
    ASSERT_TRUE(server.ok()) << MessageOf(server.status());
    server_ = *std::move(server);
  }
  static void TearDownTestSuite() {
    server_.reset();
    metrics_.reset();
  }
  void SetUp() override { ASSERT_NE(server_, nullptr); }

  static std::string Text() {
    const Result<std::string> text = GetOverHttp(server_->port(), "/metrics");
    EXPECT_TRUE(text.ok()) << MessageOf(text.status());
    return text.value_or("");
  }

  static std::unique_ptr<Metrics> metrics_;
  static std::unique_ptr<MetricsServer> server_;
};

std::unique_ptr<Metrics> MetricsServerTest::metrics_;
std::unique_ptr<MetricsServer> MetricsServerTest::server_;

TEST_F(MetricsServerTest, ShowsACounterWithItsLabelsAndItsHelp) {
  metrics_->CounterOf(Metric::kCalls, {"JobService/GetJob", "NOT_FOUND"}).Add(3);
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("# HELP turnpike_calls_total Calls that have ended, by their status.\n"
                              "# TYPE turnpike_calls_total counter\n"));
  EXPECT_EQ(ParseMetrics(text).at(R"(turnpike_calls_total{method="JobService/GetJob",code="NOT_FOUND"})"), 3);
}

TEST_F(MetricsServerTest, ShowsAHistogramsBucketsAddedUp) {
  Histogram& seconds = metrics_->HistogramOf(Metric::kCommitJobs);
  seconds.Observe(1.0);  // A bound belongs to its bucket.
  seconds.Observe(3.0);
  seconds.Observe(5'000.0);
  const std::map<std::string, double> values = ParseMetrics(Text());
  EXPECT_EQ(values.at(R"(turnpike_commit_jobs_bucket{le="1"})"), 1);
  EXPECT_EQ(values.at(R"(turnpike_commit_jobs_bucket{le="2"})"), 1);
  EXPECT_EQ(values.at(R"(turnpike_commit_jobs_bucket{le="5"})"), 2);
  EXPECT_EQ(values.at(R"(turnpike_commit_jobs_bucket{le="2000"})"), 2);
  EXPECT_EQ(values.at(R"(turnpike_commit_jobs_bucket{le="+Inf"})"), 3);
  EXPECT_EQ(values.at("turnpike_commit_jobs_count"), 3);
  EXPECT_EQ(values.at("turnpike_commit_jobs_sum"), 5'004);
}

TEST_F(MetricsServerTest, EscapesWhatASiteMayBeCalled) {
  metrics_->GaugeOf(Metric::kSiteConnected, {"a\"b\\c\nd"}).Set(1);
  EXPECT_THAT(Text(), HasSubstr(R"(turnpike_site_connected{site="a\"b\\c\nd"} 1)"));
}

TEST_F(MetricsServerTest, ShowsTheProcessItself) {
  const SystemClock clock;
  MeasureProcess({.program = "tester", .version = "0.1"}, clock, *metrics_);
  const std::map<std::string, double> values = ParseMetrics(Text());
  EXPECT_EQ(values.at(R"(turnpike_build_info{program="tester",version="0.1"})"), 1);
  EXPECT_GT(values.at("process_resident_memory_bytes"), 1 << 20);
  EXPECT_GE(values.at("process_open_fds"), 3);
  EXPECT_GT(values.at("process_cpu_seconds_total"), 0);
  EXPECT_GT(values.at("process_start_time_seconds"), 1.7e9);
}

TEST_F(MetricsServerTest, AnswersNothingElse) {
  EXPECT_EQ(GetOverHttp(server_->port(), "/etc/passwd").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(GetOverHttp(server_->port(), "/").status().code(), StatusCode::kNotFound);
}

TEST_F(MetricsServerTest, SaysWhichAddressIsTaken) {
  const std::string taken = "127.0.0.1:" + std::to_string(server_->port());
  const Status status = MetricsServer::Start(taken, *metrics_).status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr(taken));
}

TEST(MetricsServer, RefusesAnAddressWithoutPort) {
  const Metrics metrics;
  EXPECT_EQ(MetricsServer::Start("localhost", metrics).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace turnpike
