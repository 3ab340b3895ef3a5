// A quote holds for its job, its project and its time, whatever became of the prices.

#include <gmock/gmock.h>

#include "broker/core/stored_request.h"
#include "tests/broker/actions/submission_fixture.h"

namespace turnpike {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class SubmitWithQuote : public SubmissionFixture {
 protected:
  std::string Quote(const JobDraft& job) {
    return *seal_.Seal({.project_id = project_,
                        .spec_digest = DigestSpec(job.spec, job.script),
                        .price_list = 1,
                        .ceiling_micros = 20'000,
                        .unit = "EUR",
                        .expires_at = kNow + kQuoteLifetime});
  }
  void ExpectRefused(const SubmissionDraft& draft, StatusCode code, const std::string& why) {
    const Result<int64_t> refused = Submit(draft);
    EXPECT_EQ(refused.status().code(), code) << refused.status();
    EXPECT_THAT(refused.status().ToString(), HasSubstr(why));
    EXPECT_THAT(queue_.calls.back().jobs, IsEmpty());
    EXPECT_THAT(queue_.calls.back().refusals, IsEmpty());
  }
};

TEST_F(SubmitWithQuote, ThePricesOfTheQuoteHold) {
  const std::string quote = Quote(Draft());
  basis_.RaisePrices();
  EXPECT_EQ(Submit(Submission(Draft())).value_or(0), 50'000);
  EXPECT_EQ(Submit(Submission(Draft(), quote)).value_or(0), 20'000);
  const Result<JobRequest> stored = DecodeJobRequest(queue_.calls.back().jobs.front().class_request);
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->price_list, 1);
  EXPECT_EQ(stored->budget_micros, 20'000);
}

TEST_F(SubmitWithQuote, TheJobNeverCostsMoreThanWasQuoted) {
  const std::string quote = Quote(Draft());
  basis_.basis().federation.shares[0].info.overrun = std::chrono::hours(1);
  const Result<int64_t> refused = Submit(Submission(Draft(), quote));
  EXPECT_EQ(DetailsOf(refused.status()).reason, ErrorReason::kNoSiteFits) << refused.status();
}

TEST_F(SubmitWithQuote, AnotherSpecProjectOrTimeIsRefused) {
  const std::string quote = Quote(Draft());
  JobDraft other = Draft();
  other.script += "true\n";
  ExpectRefused(Submission(other, quote), StatusCode::kInvalidArgument, "another spec");
  SubmissionDraft elsewhere = Submission(Draft(), quote);
  elsewhere.key.project_id = IdFor<ProjectId>(2);
  ExpectRefused(elsewhere, StatusCode::kInvalidArgument, "another project");
  ExpectRefused(Submission(Draft(), quote + "x"), StatusCode::kInvalidArgument, "not a quote of this federation");
  clock_.now += kQuoteLifetime;
  ExpectRefused(Submission(Draft(), quote), StatusCode::kFailedPrecondition, "ask for a new one");
}

TEST_F(SubmitWithQuote, TheKeyIsAskedForOnceAndTheSameForEveryReplica) {
  const std::string quote = Quote(Draft());
  EXPECT_TRUE(Submit(Submission(Draft(), quote)).ok());
  EXPECT_EQ(secrets_.asked, 1);
  QuoteSeal other_replica(secrets_, random_);
  EXPECT_TRUE(other_replica.Open(quote).ok());
}

TEST_F(SubmitWithQuote, WhatNoShareCanRunIsKeptAsDemandUnlessItWasATry) {
  JobDraft large = Draft();
  large.request.cpus_per_task = 128;
  EXPECT_FALSE(submit_.Validate(Submission(large)).front().ok());
  EXPECT_THAT(queue_.calls, IsEmpty());
  EXPECT_EQ(DetailsOf(Submit(Submission(large)).status()).reason, ErrorReason::kNoSiteFits);
  ASSERT_EQ(queue_.calls.back().refusals.size(), 1U);
  const QuoteRefusal& refusal = queue_.calls.back().refusals.front();
  EXPECT_EQ(refusal.reason, ErrorReason::kNoSiteFits);
  EXPECT_EQ(DecodeJobRequest(refusal.request)->cpus_per_task, 128);
  EXPECT_THAT(refusal.detail, HasSubstr("alpha/main has 64 cores"));
}

TEST_F(SubmitWithQuote, ARefusalSaysWhatWouldHelpOnceABatch) {
  JobDraft large = Draft();
  large.request.cpus_per_task = 128;
  SubmissionDraft batch = Submission(large);
  batch.jobs.push_back(large);
  const std::vector<Result<JobView>> refused = submit_.Validate(batch);
  ASSERT_EQ(refused.size(), 2U);
  EXPECT_EQ(DetailsOf(refused[0].status()).reason, ErrorReason::kNoSiteFits);
  EXPECT_THAT(refused[0].status().ToString(),
              HasSubstr("what would help: ask for at most 64 cores per node (--cpus-per-task=64): "
                        "then alpha/main could run it now"));
  EXPECT_THAT(refused[1].status().ToString(), Not(HasSubstr("what would help")));
  ASSERT_FALSE(Submit(Submission(large)).ok());
  EXPECT_THAT(queue_.calls.back().refusals.front().detail, Not(HasSubstr("what would help")));
}

}  // namespace
}  // namespace turnpike
