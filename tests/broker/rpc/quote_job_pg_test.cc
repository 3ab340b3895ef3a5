// QuoteJob and ExplainJob over the wire: the table, what binds, and why a job waits.

#include <gmock/gmock.h>

#include "broker/core/capacity_codec.h"
#include "tests/broker/rpc/sample_spec.h"
#include "tests/broker/rpc/user_services.h"

namespace turnpike {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class Quotes : public UserServices {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(UserServices::SetUp());
    SetSite("ACTIVE");
  }
  void SetSite(const char* state) {
    database_.AsSuperuser("UPDATE site SET state = $1", Params().Text(state));
    ASSERT_TRUE(index_.RefreshSites().ok());
  }
  void SetPrice(int64_t core_hour_micros) {
    PriceBook book;
    book.site_id = sites_.Find("alpha")->site_id;
    book.unit = "EUR";
    book.rates = {{.share = "*", .resource = PricedResource::kCoreHour, .micros_per_hour = core_hour_micros}};
    ASSERT_TRUE(sites_.SetPriceBook(database_.NewKey("SetPriceBook", std::to_string(core_hour_micros)), book).ok());
    ASSERT_TRUE(index_.RefreshSites().ok());
  }
  void ShrinkNodes(int32_t cores) {
    ShareStatus share;
    share.info.name = "main";
    share.info.node.cores = cores;
    share.info.node.memory_mib = 16'000;
    share.info.guarded = true;
    share.load.pool = {.nodes_total = 4, .nodes_idle = 4, .cores_total = 4 * cores, .cores_idle = 4 * cores};
    const int64_t epoch = database_.CountAsSuperuser("SELECT epoch FROM site_session");
    ASSERT_TRUE(links_.StoreCapacity(sites_.Find("alpha")->site_id, epoch, 2, EncodeCapacity({share})).ok());
    ASSERT_TRUE(index_.RefreshSites().ok());
  }
  Result<v1::QuoteJobResponse> Quote(const v1::JobSpec& spec, const std::string& token = kAda) {
    v1::QuoteJobRequest request;
    *request.mutable_spec() = spec;
    return Call<v1::QuoteJobResponse>(token, "JobService/QuoteJob", request);
  }
  Result<v1::ExplainJobResponse> Explain(const std::string& job_id, const std::string& token = kAda) {
    v1::ExplainJobRequest request;
    request.set_job_id(job_id);
    return Call<v1::ExplainJobResponse>(token, "JobService/ExplainJob", request);
  }
  Result<v1::SubmitJobResponse> SubmitWith(const std::string& quote, const v1::JobSpec& spec,
                                           const std::string& token = kAda) {
    v1::SubmitJobRequest request = Submission(spec);
    request.set_quote(quote);
    return Call<v1::SubmitJobResponse>(token, "JobService/SubmitJob", request);
  }
  std::string SubmitTo(const v1::JobSpec& spec) {
    const auto accepted = Call<v1::SubmitJobResponse>(kAda, "JobService/SubmitJob", Submission(spec));
    EXPECT_TRUE(accepted.ok()) << accepted.status();
    EXPECT_TRUE(index_.Rebuild().ok());
    return accepted.ok() ? accepted->job().job_id() : "";
  }
};

TEST_F(Quotes, AQuoteTellsEveryShareItsChecksTimesAndCeiling) {
  const auto quote = Quote(SampleSpec());
  ASSERT_TRUE(quote.ok()) << quote.status();
  EXPECT_EQ(quote->unit(), "EUR");
  EXPECT_EQ(quote->ceiling(), "0.01");  // 0.06 a core-hour for 600 s
  ASSERT_EQ(quote->shares_size(), 1);
  const v1::ShareVerdict& share = quote->shares(0);
  EXPECT_EQ(share.site() + "/" + share.share(), "alpha/main");
  EXPECT_TRUE(share.eligible());
  EXPECT_TRUE(share.chosen());
  EXPECT_EQ(share.refusal(), "");
  EXPECT_EQ(share.ceiling(), "0.01");
  EXPECT_EQ(share.time_limit().seconds(), 600);
  EXPECT_EQ(share.expected_end_time().seconds() - share.expected_start_time().seconds(), 600);
  EXPECT_EQ(share.score().total_points(), share.score().time_points() + share.score().price_points());
  EXPECT_GT(share.checks_size(), 0);
  EXPECT_FALSE(quote->quote().empty());
  EXPECT_EQ(Count("quote_refusal"), 0);
  EXPECT_EQ(Count("job"), 0);
}

TEST_F(Quotes, APriceThatRisesLaterDoesNotTouchTheQuotedJob) {
  const auto quote = Quote(SampleSpec());
  ASSERT_TRUE(quote.ok()) << quote.status();
  SetPrice(600'000);
  ASSERT_TRUE(index_.RefreshSites().ok());  // Nobody uses the old prices: they are forgotten.
  const auto bound = SubmitWith(quote->quote(), SampleSpec());
  ASSERT_TRUE(bound.ok()) << bound.status();
  EXPECT_EQ(bound->job().money().reserved(), "0.01");
  const auto unbound = SubmitWith("", SampleSpec());
  ASSERT_TRUE(unbound.ok()) << unbound.status();
  EXPECT_EQ(unbound->job().money().reserved(), "0.10");
  ASSERT_TRUE(index_.Rebuild().ok());
  const RoundPlan round = index_.PlanRound();
  ASSERT_EQ(round.attempts.size(), 2U);
  for (const PlannedAttempt& attempt : round.attempts) {
    EXPECT_EQ(attempt.price_version, attempt.job_id.ToString() == bound->job().job_id() ? 1 : 2);
  }
}

TEST_F(Quotes, AQuoteBindsNeitherAnotherSpecNorAnotherProject) {
  const auto quote = Quote(SampleSpec());
  ASSERT_TRUE(quote.ok()) << quote.status();
  EXPECT_EQ(SubmitWith(quote->quote(), SampleSpec("name: 'other'")).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(SubmitWith(quote->quote(), SampleSpec(), kBob).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(SubmitWith("forged", SampleSpec()).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Count("job"), 0);
}

TEST_F(Quotes, WhatCannotBeRunOrPaidForIsKeptAsDemand) {
  const auto large = Quote(SampleSpec("resources { cpus_per_task: 9 }"));
  ASSERT_TRUE(large.ok()) << large.status();
  EXPECT_EQ(large->ceiling(), "");
  EXPECT_EQ(large->quote(), "");
  EXPECT_EQ(large->shares(0).refusal(), "CORES_PER_NODE");
  EXPECT_TRUE(large->shares(0).permanent());
  EXPECT_EQ(Count("quote_refusal WHERE reason = 'NO_SITE_FITS'"), 1);
  SetPrice(60'000'000'000);
  const auto dear = Quote(SampleSpec());
  ASSERT_TRUE(dear.ok()) << dear.status();
  EXPECT_EQ(dear->ceiling(), "10000.00");
  EXPECT_EQ(Count("quote_refusal WHERE reason = 'BALANCE_TOO_LOW'"), 1);
  EXPECT_FALSE(SubmitWith("", SampleSpec()).ok());
  EXPECT_EQ(Count("quote_refusal WHERE reason = 'BALANCE_TOO_LOW'"), 2);
  EXPECT_EQ(Quote(SampleSpec("time_limit { seconds: -1 }")).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Count("quote_refusal"), 3);
}

TEST_F(Quotes, AWaitingJobIsExplainedOnAReplicaThatDoesNotPlace) {
  const std::string job_id = SubmitTo(SampleSpec("placement { sites: 'alpha' }"));
  SetSite("DRAINING");
  const auto explained = Explain(job_id);
  ASSERT_TRUE(explained.ok()) << explained.status();
  EXPECT_EQ(explained->summary(), "waits: alpha/main takes nothing new: its site is DRAINING");
  EXPECT_EQ(explained->jobs_ahead(), 0);
  EXPECT_EQ(explained->job().reason(), "alpha/main takes nothing new: its site is DRAINING");
  ASSERT_EQ(explained->shares_size(), 1);
  EXPECT_EQ(explained->shares(0).refusal(), "SITE_DRAINING");
  EXPECT_FALSE(explained->shares(0).permanent());
  EXPECT_THAT(explained->advice(), IsEmpty());

  v1::GetJobRequest get;
  get.set_job_id(job_id);
  const auto job = Call<v1::GetJobResponse>(kAda, "JobService/GetJob", get);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->job().reason(), "alpha/main takes nothing new: its site is DRAINING");
  index_.PlanRound();
  EXPECT_EQ(index_.WaitingReasonOf(*JobId::Parse(job_id)), job->job().reason());

  SetSite("ACTIVE");
  EXPECT_EQ(Explain(job_id)->summary(), "waits: alpha/main can take it: the next round of placement decides");
  EXPECT_EQ(Explain(job_id, kBob).status().code(), StatusCode::kNotFound);
}

TEST_F(Quotes, AdviceReckonsWithTodaysSharesPricesAndTheAccount) {
  const v1::JobSpec spec = SampleSpec("resources { cpus_per_task: 4 } placement { budget: '0.05' }");
  const std::string job_id = SubmitTo(spec);
  v1::JobSpec later = spec;
  later.set_priority(-1);
  const std::string behind = SubmitTo(later);
  ShrinkNodes(2);
  SetPrice(60'000'000);
  const auto explained = Explain(job_id);
  ASSERT_TRUE(explained.ok()) << explained.status();
  EXPECT_THAT(explained->summary(), HasSubstr("alpha/main has 2 cores on a node, the job needs 4"));
  EXPECT_THAT(explained->advice(),
              ElementsAre("ask for at most 2 cores per node (--cpus-per-task=2) and raise --budget to 20.00: then "
                          "alpha/main could run it now; deposit 10.04 EUR first, as it would set aside 20.00 EUR"));
  EXPECT_EQ(explained->jobs_ahead(), 0);
  EXPECT_EQ(Explain(behind)->jobs_ahead(), 1);
  EXPECT_THAT(Explain(behind)->summary(), StartsWith("waits behind 1 job: "));
}

TEST_F(Quotes, AJobThatHasEndedIsExplainedByItsEnd) {
  const std::string job_id = SubmitTo(SampleSpec());
  Cancel(kAda, job_id);
  const auto explained = Explain(job_id);
  ASSERT_TRUE(explained.ok()) << explained.status();
  EXPECT_THAT(explained->summary(), HasSubstr("it was cancelled by its user"));
  EXPECT_THAT(explained->summary(), HasSubstr("charged 0.00 EUR of 0.01 EUR held"));
  EXPECT_EQ(explained->shares_size(), 0);
}

}  // namespace
}  // namespace turnpike
