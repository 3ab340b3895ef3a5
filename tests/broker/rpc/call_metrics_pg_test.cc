// What calls over the wire leave in the metrics.
#include <gtest/gtest.h>

#include "base/exposition/metrics_server.h"
#include "tests/broker/rpc/sample_spec.h"
#include "tests/broker/rpc/user_services.h"
#include "tests/contracts/eventually.h"
#include "tests/support/scrape.h"

namespace turnpike {
namespace {

class CallMetrics : public UserServices {
 protected:
  // Of the text that Prometheus would get.
  double Value(const std::string& series) {
    if (exposed_ == nullptr) {
      exposed_ = MetricsServer::Start("127.0.0.1:0", metrics_).value();
    }
    const std::map<std::string, double> values = Scrape(exposed_->port()).value();
    const auto found = values.find(series);
    return found == values.end() ? 0 : found->second;
  }
  // gRPC lets go of a call a moment after its answer.
  bool Becomes(const std::string& series, double value) {
    return Eventually([&] { return Value(series) == value; });
  }

  std::unique_ptr<MetricsServer> exposed_;
};

TEST_F(CallMetrics, CountsCallsByMethodAndCodeAndTimesThem) {
  Submit(kAda);
  Submit(kAda);
  v1::GetJobRequest unknown;
  unknown.set_job_id(NewRequestId());
  EXPECT_EQ(Call<v1::GetJobResponse>(kAda, "JobService/GetJob", unknown).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(Call<v1::GetJobResponse>(kNobody, "JobService/GetJob", unknown).status().code(),
            StatusCode::kUnauthenticated);

  EXPECT_TRUE(Becomes(R"(turnpike_calls_total{method="JobService/SubmitJob",code="OK"})", 2));
  EXPECT_TRUE(Becomes(R"(turnpike_calls_total{method="JobService/GetJob",code="NOT_FOUND"})", 1));
  EXPECT_TRUE(Becomes(R"(turnpike_calls_total{method="JobService/GetJob",code="UNAUTHENTICATED"})", 1));
  EXPECT_EQ(Value(R"(turnpike_call_seconds_count{method="JobService/SubmitJob"})"), 2);
  EXPECT_GT(Value(R"(turnpike_call_seconds_sum{method="JobService/SubmitJob"})"), 0);
  EXPECT_TRUE(Becomes(R"(turnpike_calls_open{method="JobService/SubmitJob"})", 0));
}

TEST_F(CallMetrics, CountsAWatchAsOpenUntilItsReaderLeaves) {
  const std::string series = R"(turnpike_calls_open{method="JobService/WatchJobs"})";
  grpc::ClientContext context;
  Prepare(kAda, context);
  const auto stub = v1::JobService::NewStub(channel_);
  const auto reader = stub->WatchJobs(&context, v1::WatchJobsRequest());
  EXPECT_TRUE(Becomes(series, 1));
  context.TryCancel();
  static_cast<void>(reader->Finish());
  EXPECT_TRUE(Becomes(series, 0));
  EXPECT_EQ(Value(R"(turnpike_call_seconds_count{method="JobService/WatchJobs"})"), 0);  // Its length says nothing.
}

TEST_F(CallMetrics, CountsSubmittedJobsByWhatBecameOfThem) {
  v1::BatchSubmitJobsRequest batch;
  batch.set_request_id(NewRequestId());
  *batch.add_specs() = SampleSpec();
  *batch.add_specs() = SampleSpec();
  batch.mutable_specs(1)->mutable_resources()->set_nodes(1'000'000);  // No site has them.
  *batch.add_specs() = SampleSpec();
  batch.mutable_specs(2)->clear_script();  // Nothing to run.
  batch.mutable_specs(2)->clear_command();
  ASSERT_TRUE(Call<v1::BatchSubmitJobsResponse>(kAda, "JobService/BatchSubmitJobs", batch).ok());
  EXPECT_EQ(Value(R"(turnpike_submissions_total{outcome="ACCEPTED"})"), 1);
  EXPECT_EQ(Value(R"(turnpike_submissions_total{outcome="NO_SITE_FITS"})"), 1);
  EXPECT_EQ(Value(R"(turnpike_submissions_total{outcome="INVALID_FIELD"})"), 1);
}

}  // namespace
}  // namespace turnpike
