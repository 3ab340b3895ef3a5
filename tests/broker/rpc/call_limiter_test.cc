#include "broker/rpc/call_limiter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error_reason.h"

namespace turnpike {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

class HandClock final : public Clock {
 public:
  Timestamp Now() const override { return Timestamp(); }
  MonotonicTime Monotonic() const override { return now_; }
  void Pass(std::chrono::steady_clock::duration time) { now_ += time; }

 private:
  MonotonicTime now_ = MonotonicTime(seconds(1'000));
};

Principal Of(uint8_t project) {
  Uuid id;
  id.bytes[0] = project;
  return {
      .token_id = {}, .subject = "ada", .project_id = ProjectId(id), .project_name = "astro", .roles = {Role::kUser}};
}

class CallLimiterTest : public testing::Test {
 protected:
  using Permits = std::vector<std::shared_ptr<CallLimiter::Permit>>;

  // As many calls as are let in, all of them kept open.
  Permits AdmitAll(const Principal& principal, CallKind kind, Status& refused) {
    Permits permits;
    while (true) {
      Result<std::shared_ptr<CallLimiter::Permit>> permit = limiter_.Admit(principal, kind);
      if (!permit.ok()) {
        refused = permit.status();
        return permits;
      }
      permits.push_back(*std::move(permit));
    }
  }
  int64_t Refused(const std::string& cause) { return metrics_.CounterOf(Metric::kCallsRefused, {cause}).value(); }

  HandClock clock_;
  Metrics metrics_;
  CallLimiter limiter_{{.calls_per_second = 10,
                        .jobs_per_second = 100,
                        .calls_open_max = 15,
                        .streams_open_max = 3,
                        .strangers_per_second = 2},
                       clock_,
                       metrics_};
};

TEST_F(CallLimiterTest, SaysWhatWasTooMuchAndWhenToTryAgain) {
  Status refused;
  const Permits open = AdmitAll(Of(1), CallKind::kPlain, refused);
  EXPECT_EQ(open.size(), 15U);
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
  const ErrorDetails details = DetailsOf(refused);
  EXPECT_EQ(details.reason, ErrorReason::kOverloaded);
  EXPECT_EQ(details.metadata.at("limit"), "project-open");
  EXPECT_EQ(details.retry_after, milliseconds(200));
  EXPECT_THAT(std::string(MessageOf(refused)), HasSubstr("under way; try again in 200 ms"));
  EXPECT_EQ(Refused("project-open"), 1);
}

TEST_F(CallLimiterTest, LetsTheNextCallInWhenOneIsGone) {
  Status refused;
  Permits open = AdmitAll(Of(1), CallKind::kPlain, refused);
  open.pop_back();
  EXPECT_TRUE(limiter_.Admit(Of(1), CallKind::kPlain).ok());
}

TEST_F(CallLimiterTest, HoldsAProjectToItsRateOfCalls) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(limiter_.Admit(Of(1), CallKind::kPlain).ok()) << i;
  }
  const Status refused = limiter_.Admit(Of(1), CallKind::kPlain).status();
  EXPECT_EQ(DetailsOf(refused).metadata.at("limit"), "project-calls");
  EXPECT_EQ(DetailsOf(refused).retry_after, milliseconds(100));
  clock_.Pass(milliseconds(100));
  EXPECT_TRUE(limiter_.Admit(Of(1), CallKind::kPlain).ok());
}

TEST_F(CallLimiterTest, RefusesTheNextSubmissionUntilABatchIsPaidOff) {
  limiter_.Admit(Of(1), CallKind::kSubmission).value()->ChargeJobs(1'200);  // The burst is 1,000.
  const Status refused = limiter_.Admit(Of(1), CallKind::kSubmission).status();
  EXPECT_EQ(DetailsOf(refused).metadata.at("limit"), "project-jobs");
  EXPECT_EQ(DetailsOf(refused).retry_after, milliseconds(2'010));
  EXPECT_TRUE(limiter_.Admit(Of(1), CallKind::kPlain).ok()) << "other calls go on";
  clock_.Pass(milliseconds(2'010));
  EXPECT_TRUE(limiter_.Admit(Of(1), CallKind::kSubmission).ok());
}

TEST_F(CallLimiterTest, HurtsNobodyButWhoFloods) {
  Status refused;
  const Permits open = AdmitAll(Of(1), CallKind::kPlain, refused);
  limiter_.Admit(Of(2), CallKind::kSubmission).value()->ChargeJobs(100'000);
  for (const CallKind kind : {CallKind::kPlain, CallKind::kSubmission, CallKind::kStream}) {
    EXPECT_TRUE(limiter_.Admit(Of(3), kind).ok());
  }
}

TEST_F(CallLimiterTest, CountsStreamsApartFromCalls) {
  Status refused;
  const Permits streams = AdmitAll(Of(1), CallKind::kStream, refused);
  EXPECT_EQ(streams.size(), 3U);
  EXPECT_EQ(DetailsOf(refused).metadata.at("limit"), "project-streams");
  EXPECT_TRUE(limiter_.Admit(Of(1), CallKind::kPlain).ok());
}

TEST_F(CallLimiterTest, LetsFewUnknownTokensOfAnAddressReachTheDatabase) {
  for (int i = 0; i < 8; ++i) {
    EXPECT_TRUE(limiter_.AdmitStranger("ipv4:192.0.2.7:" + std::to_string(50'000 + i)).ok()) << i;
  }
  const Status refused = limiter_.AdmitStranger("ipv4:192.0.2.7:60000");
  EXPECT_EQ(DetailsOf(refused).metadata.at("limit"), "stranger");
  EXPECT_EQ(DetailsOf(refused).retry_after, milliseconds(500));
  EXPECT_TRUE(limiter_.AdmitStranger("ipv4:192.0.2.8:60000").ok());
  EXPECT_TRUE(limiter_.AdmitStranger("ipv6:[2001:db8::1]:60000").ok());
}

// Whoever has a /64 has more addresses than we have memory.
TEST_F(CallLimiterTest, GivesOneBudgetToAllAddressesBeyondAnyNumber) {
  int admitted = 0;
  for (int i = 0; i < 20'000; ++i) {
    admitted += limiter_.AdmitStranger("ipv6:[2001:db8::" + std::to_string(i) + "]:1").ok() ? 1 : 0;
  }
  EXPECT_EQ(admitted, 10'000 + 8);
  clock_.Pass(seconds(10));
  EXPECT_TRUE(limiter_.AdmitStranger("ipv6:[2001:db8::ffff]:1").ok());
}

TEST_F(CallLimiterTest, CountsWhatTheQueueRefuses) {
  const Status refused = limiter_.QueueIsFull();
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(DetailsOf(refused).retry_after, seconds(1));
  EXPECT_EQ(Refused("queue"), 1);
}

TEST(CallLimiter, WithoutRatesKnowsNoLimitButThatOfOpenCalls) {
  const HandClock clock;
  Metrics metrics;
  CallLimiter limiter({.calls_per_second = 0, .jobs_per_second = 0, .strangers_per_second = 0}, clock, metrics);
  for (int i = 0; i < 10'000; ++i) {
    const auto permit = limiter.Admit(Of(1), CallKind::kSubmission);
    ASSERT_TRUE(permit.ok()) << permit.status();
    (*permit)->ChargeJobs(1'000);
    ASSERT_TRUE(limiter.AdmitStranger("ipv4:192.0.2.7:1").ok());
  }
}

}  // namespace
}  // namespace turnpike
