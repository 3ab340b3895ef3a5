// What a project that asks for too much is told over the wire, and that nobody else notices.  The budgets refill so
// slowly that no test can be lucky.
#include <gtest/gtest.h>

#include "base/error_reason.h"
#include "tests/broker/rpc/sample_spec.h"
#include "tests/broker/rpc/user_services.h"

namespace turnpike {
namespace {

constexpr CallLimits kSlow{.calls_per_second = 0.005,  // one at once, the next after 200 s
                           .jobs_per_second = 0.1,     // likewise, and one in 10 s
                           .calls_open_max = 500,
                           .streams_open_max = 1,
                           .strangers_per_second = 0};

class CallLimitsOverTheWire : public UserServices {
 protected:
  explicit CallLimitsOverTheWire(const CallLimits& limits) : UserServices(limits) {}

  Status List(const std::string& token) {
    return Call<v1::ListJobsResponse>(token, "JobService/ListJobs", v1::ListJobsRequest()).status();
  }
  int64_t Transactions() {
    const TransactionRunner::Counts& counts = database_.transactions().counts();
    return counts.ok.value() + counts.refused.value();
  }
  static void ExpectRefused(const Status& status, const std::string& limit) {
    EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status;
    const ErrorDetails details = DetailsOf(status);
    EXPECT_EQ(details.reason, ErrorReason::kOverloaded);
    EXPECT_EQ(details.metadata.contains("limit") ? details.metadata.at("limit") : "", limit);
    EXPECT_GT(details.retry_after.value_or(std::chrono::milliseconds(0)), std::chrono::milliseconds(0));
  }
};

class CallRate : public CallLimitsOverTheWire {
 protected:
  CallRate() : CallLimitsOverTheWire(kSlow) {}
};

TEST_F(CallRate, RefusesWithoutAQueryAndWithoutReadingWhatWasSent) {
  ASSERT_TRUE(List(kAda).ok());
  const int64_t before = Transactions();
  for (int i = 0; i < 50; ++i) {
    // Bytes that are no message: had they been read, the answer would be another.
    ExpectRefused(CallWith<v1::ListJobsResponse>(kAda, "JobService/ListJobs", "\xff\xff\xff").status(),
                  "project-calls");
  }
  EXPECT_EQ(Transactions(), before);
  EXPECT_TRUE(List(kBob).ok()) << "another project goes on";
}

class JobRate : public CallLimitsOverTheWire {
 protected:
  JobRate() : CallLimitsOverTheWire({.calls_per_second = 0, .jobs_per_second = 0.1, .strangers_per_second = 0}) {}
};

TEST_F(JobRate, ABatchIsTakenWholeAndTheNextSubmissionWaits) {
  v1::BatchSubmitJobsRequest batch;
  batch.set_request_id(NewRequestId());
  for (int i = 0; i < 20; ++i) {
    *batch.add_specs() = SampleSpec();
  }
  const auto taken = Call<v1::BatchSubmitJobsResponse>(kAda, "JobService/BatchSubmitJobs", batch);
  ASSERT_TRUE(taken.ok()) << taken.status();
  for (const auto& result : taken->results()) {
    EXPECT_TRUE(result.has_job_id()) << result.ShortDebugString();
  }
  const Status refused = Call<v1::SubmitJobResponse>(kAda, "JobService/SubmitJob", Submission(SampleSpec())).status();
  ExpectRefused(refused, "project-jobs");
  EXPECT_GT(*DetailsOf(refused).retry_after, std::chrono::seconds(60));  // 19 jobs of debt at one in 10 s
  EXPECT_TRUE(List(kAda).ok()) << "reading goes on";
  EXPECT_FALSE(Submit(kBob).empty()) << "another project submits";
}

class OpenStreams : public CallLimitsOverTheWire {
 protected:
  OpenStreams() : CallLimitsOverTheWire({.calls_per_second = 0, .streams_open_max = 1, .strangers_per_second = 0}) {}
};

TEST_F(OpenStreams, OneOfAProjectIsOpenAndASecondIsRefused) {
  const auto stub = v1::JobService::NewStub(channel_);
  const v1::WatchJobsRequest request;
  v1::WatchJobsResponse event;
  const std::string job_id = Submit(kAda);
  grpc::ClientContext first_context;
  Prepare(kAda, first_context);
  const auto first = stub->WatchJobs(&first_context, request);
  ASSERT_TRUE(first->Read(&event));  // It has begun: here is the job that was there.
  grpc::ClientContext second_context;
  Prepare(kAda, second_context);
  const auto second = stub->WatchJobs(&second_context, request);
  EXPECT_FALSE(second->Read(&event));
  ExpectRefused(FromGrpc(second->Finish()), "project-streams");
  first_context.TryCancel();
  static_cast<void>(first->Finish());
}

class UnknownTokens : public CallLimitsOverTheWire {
 protected:
  UnknownTokens() : CallLimitsOverTheWire({.strangers_per_second = 0.5}) {}  // two at once
};

TEST_F(UnknownTokens, AreLookedUpAFewTimesAndThenRefused) {
  EXPECT_EQ(List("tp_guess1").code(), StatusCode::kUnauthenticated);
  EXPECT_EQ(List("tp_guess2").code(), StatusCode::kUnauthenticated);
  const int64_t before = Transactions();
  int refused = 0;
  for (int i = 0; i < 50; ++i) {
    refused += List(fmt::format("tp_guess{}", 3 + i)).code() == StatusCode::kResourceExhausted ? 1 : 0;
  }
  EXPECT_GE(refused, 45);
  EXPECT_LE(Transactions() - before, 50 - refused);
}

}  // namespace
}  // namespace turnpike
