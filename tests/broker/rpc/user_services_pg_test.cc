// What users get from JobService and BillingService over the wire, and above all what they are refused.

#include <gmock/gmock.h>

#include "tests/broker/rpc/sample_spec.h"
#include "tests/broker/rpc/user_services.h"
#include "tests/broker/rpc/violation_paths.h"

namespace turnpike {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;
using testing::UnorderedElementsAre;

// Another request of the same kind under the same id.
template <class Request>
Request WithIdOf(Request request, const Request& first) {
  request.set_request_id(first.request_id());
  return request;
}

TEST_F(UserServices, ABatchRefusesAJobThatIsNotUtf8Alone) {
  v1::BatchSubmitJobsRequest batch;
  batch.set_request_id(NewRequestId());
  *batch.add_specs() = SampleSpec(R"(name: "größer")");
  *batch.add_specs() = SampleSpec(R"(name: "caf~" labels { key: "k" value: "~" })");
  *batch.add_specs() = SampleSpec(R"(name: "last")");
  const auto response = CallWith<v1::BatchSubmitJobsResponse>(kAda, "JobService/BatchSubmitJobs", Spoiled(batch));
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->results_size(), 3);
  EXPECT_TRUE(response->results(0).has_job_id());
  const v1::BatchSubmitJobsResponse::Refusal& refusal = response->results(1).refusal();
  EXPECT_EQ(refusal.code(), static_cast<int>(StatusCode::kInvalidArgument));
  EXPECT_EQ(refusal.reason(), ErrorReasonName(ErrorReason::kInvalidField));
  EXPECT_THAT(refusal.violations(),
              ElementsAre(StartsWith("specs[1].name: "), StartsWith("specs[1].labels[0].value: ")));
  EXPECT_TRUE(response->results(2).has_job_id());
  EXPECT_EQ(Count("job"), 2);

  v1::GetJobRequest get;
  get.set_job_id(response->results(0).job_id());
  const auto job = Call<v1::GetJobResponse>(kAda, "JobService/GetJob", get);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->job().spec().SerializeAsString(), batch.specs(0).SerializeAsString());

  const auto again = CallWith<v1::BatchSubmitJobsResponse>(kAda, "JobService/BatchSubmitJobs", Spoiled(batch));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), response->SerializeAsString());
  EXPECT_EQ(Count("job"), 2);
}

TEST_F(UserServices, ABatchWhoseOwnTextIsNotUtf8IsRefusedWhole) {
  v1::BatchSubmitJobsRequest batch;
  batch.set_request_id(NewRequestId());
  batch.set_project_id("~");
  *batch.add_specs() = SampleSpec();
  const auto refused = CallWith<v1::BatchSubmitJobsResponse>(kAda, "JobService/BatchSubmitJobs", Spoiled(batch));
  EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument) << refused.status();
  EXPECT_THAT(PathsOf(refused.status()), ElementsAre("project_id"));
  EXPECT_EQ(Count("job"), 0);
}

TEST_F(UserServices, AJobThatIsNotUtf8IsRefusedByEveryPathAndNothingIsStored) {
  const int64_t keys = Count("request_key");
  const v1::SubmitJobRequest request = Submission(SampleSpec(R"(
      name: "caf~" environment { name: "A" value: "~" } placement { sites: "alpha" sites: "~" }
      script { content: "#!/bin/sh\n# ~" })"));
  const auto refused = CallWith<v1::SubmitJobResponse>(kAda, "JobService/SubmitJob", Spoiled(request));
  EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument) << refused.status();
  EXPECT_EQ(DetailsOf(refused.status()).reason, ErrorReason::kInvalidField);
  EXPECT_THAT(PathsOf(refused.status()), UnorderedElementsAre("spec.name", "spec.script.content",
                                                              "spec.environment[0].value", "spec.placement.sites[1]"));
  EXPECT_EQ(Count("job"), 0);
  EXPECT_EQ(Count("funds_hold"), 0);
  EXPECT_EQ(Count("payload"), 0);
  EXPECT_EQ(Count("request_key"), keys);

  const auto mended = Call<v1::SubmitJobResponse>(kAda, "JobService/SubmitJob",
                                                  WithIdOf(Submission(SampleSpec(R"(name: "café")")), request));
  EXPECT_TRUE(mended.ok()) << mended.status();
}

TEST_F(UserServices, BytesThatAreNoMessageAreTheCallersMistake) {
  for (const char* method : {"JobService/SubmitJob", "JobService/ListJobs", "BillingService/GetAccount"}) {
    const auto refused = CallWith<v1::SubmitJobResponse>(kAda, method, "\xff\xff");
    EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument) << refused.status();
  }
}

TEST_F(UserServices, AFieldThatIsNotKnownIsRefusedInASpecAndIgnoredBesideIt) {
  v1::SubmitJobRequest request = Submission(SampleSpec());
  request.GetReflection()->MutableUnknownFields(&request)->AddVarint(999, 1);
  EXPECT_TRUE(Call<v1::SubmitJobResponse>(kAda, "JobService/SubmitJob", request).ok());
  v1::JobSpec& spec = *request.mutable_spec();
  spec.GetReflection()->MutableUnknownFields(&spec)->AddVarint(999, 1);
  const auto refused = Call<v1::SubmitJobResponse>(kAda, "JobService/SubmitJob", request);
  EXPECT_THAT(PathsOf(refused.status()), ElementsAre("spec.999"));
}

TEST_F(UserServices, TheSameRequestIdGivesTheSameJobAndNoOther) {
  const v1::SubmitJobRequest request = Submission(SampleSpec(R"(name: "one")"));
  const auto first = Call<v1::SubmitJobResponse>(kAda, "JobService/SubmitJob", request);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto again = Call<v1::SubmitJobResponse>(kAda, "JobService/SubmitJob", request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->job().job_id(), first->job().job_id());

  const auto other = Call<v1::SubmitJobResponse>(kAda, "JobService/SubmitJob",
                                                 WithIdOf(Submission(SampleSpec(R"(name: "two")")), request));
  EXPECT_EQ(other.status().code(), StatusCode::kInvalidArgument) << other.status();
  EXPECT_EQ(DetailsOf(other.status()).reason, ErrorReason::kRequestIdReused);
  EXPECT_EQ(Count("job"), 1);
}

TEST_F(UserServices, ValidatingStoresNothing) {
  v1::SubmitJobRequest request = Submission(SampleSpec());
  request.set_validate_only(true);
  const auto response = Call<v1::SubmitJobResponse>(kAda, "JobService/SubmitJob", request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->job().money().reserved(), "0.01");
  EXPECT_EQ(Count("job"), 0);
}

TEST_F(UserServices, AnotherProjectsJobIsNotFound) {
  const std::string job_id = Submit(kAda);
  v1::GetJobRequest get;
  v1::CancelJobRequest cancel;
  cancel.set_request_id(NewRequestId());
  for (const std::string& name : {job_id, std::string("1")}) {
    get.set_job_id(name);
    cancel.set_job_id(name);
    const Status got = Call<v1::GetJobResponse>(kBob, "JobService/GetJob", get).status();
    EXPECT_EQ(got.code(), StatusCode::kNotFound) << got;
    EXPECT_EQ(DetailsOf(got).reason, ErrorReason::kNotFound);
    const Status cancelled = Call<v1::CancelJobResponse>(kBob, "JobService/CancelJob", cancel).status();
    EXPECT_EQ(cancelled.code(), StatusCode::kNotFound) << cancelled;
  }
  const auto list = Call<v1::ListJobsResponse>(kBob, "JobService/ListJobs", v1::ListJobsRequest());
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_THAT(list->jobs(), IsEmpty());
  get.set_job_id(job_id);
  EXPECT_TRUE(Call<v1::GetJobResponse>(kAda, "JobService/GetJob", get).ok());
}

TEST_F(UserServices, ACallWithoutATokenIsUnauthenticatedWhateverItSays) {
  for (const char* method :
       {"JobService/SubmitJob", "JobService/BatchSubmitJobs", "JobService/GetJob", "JobService/ListJobs",
        "JobService/CancelJob", "BillingService/CreateProject", "BillingService/Deposit", "BillingService/GetAccount",
        "BillingService/ListTransfers", "BillingService/ListUsage"}) {
    for (const char* bytes : {"", "\xff"}) {
      const Status status = CallWith<v1::GetJobResponse>(kNobody, method, bytes).status();
      EXPECT_EQ(status.code(), StatusCode::kUnauthenticated) << method << status;
      EXPECT_EQ(DetailsOf(status).reason, ErrorReason::kTokenMissing);
    }
  }
}

v1::DepositRequest DepositOf(const std::string& description, const std::string& request_id) {
  v1::DepositRequest request;
  request.set_request_id(request_id);
  request.set_project("astro");
  request.set_amount("5.00");
  request.set_description(description);
  return request;
}

TEST_F(UserServices, AResearcherMayNotDeposit) {
  const int64_t transfers = Count("transfer");
  const v1::DepositRequest request = DepositOf("a gift", NewRequestId());
  const Status refused = Call<v1::DepositResponse>(kAda, "BillingService/Deposit", request).status();
  EXPECT_EQ(refused.code(), StatusCode::kPermissionDenied) << refused;
  EXPECT_EQ(DetailsOf(refused).reason, ErrorReason::kRoleMissing);
  EXPECT_EQ(Count("transfer"), transfers);

  const auto deposited = Call<v1::DepositResponse>(kOperator, "BillingService/Deposit", request);
  ASSERT_TRUE(deposited.ok()) << deposited.status();
  EXPECT_EQ(deposited->account().balance(), "15.00");
  EXPECT_EQ(Count("transfer"), transfers + 1);
}

TEST_F(UserServices, ADepositWhoseTextIsNotUtf8IsRefusedByItsPath) {
  const int64_t transfers = Count("transfer");
  const std::string bytes = Spoiled(DepositOf("caf~", NewRequestId()));
  const Status refused = CallWith<v1::DepositResponse>(kOperator, "BillingService/Deposit", bytes).status();
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument) << refused;
  EXPECT_THAT(PathsOf(refused), ElementsAre("description"));
  EXPECT_EQ(Count("transfer"), transfers);
}

TEST_F(UserServices, AProjectsWeightIsTheFederationOperatorsToSet) {
  v1::UpdateProjectRequest request;
  request.set_request_id(NewRequestId());
  request.set_project("astro");
  request.set_weight(3);
  const Status refused = Call<v1::UpdateProjectResponse>(kAda, "BillingService/UpdateProject", request).status();
  EXPECT_EQ(refused.code(), StatusCode::kPermissionDenied) << refused;
  const auto updated = Call<v1::UpdateProjectResponse>(kOperator, "BillingService/UpdateProject", request);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->project().weight(), 3);
  request.set_weight(0);
  const Status wrong = Call<v1::UpdateProjectResponse>(kOperator, "BillingService/UpdateProject", request).status();
  EXPECT_EQ(wrong.code(), StatusCode::kInvalidArgument) << wrong;
  EXPECT_THAT(PathsOf(wrong), ElementsAre("weight"));
}

TEST_F(UserServices, ADeadlineThatNoShareCanKeepRefusesTheJob) {
  const auto seconds_ahead = [&](int64_t seconds) {
    v1::JobSpec spec = SampleSpec();
    spec.mutable_deadline()->set_seconds(MicrosOf(clock_.Now()) / 1'000'000 + seconds);
    return Submission(spec);
  };
  const Status late = Call<v1::SubmitJobResponse>(kAda, "JobService/SubmitJob", seconds_ahead(-1)).status();
  EXPECT_EQ(late.code(), StatusCode::kFailedPrecondition) << late;
  EXPECT_EQ(DetailsOf(late).reason, ErrorReason::kNoSiteFits);
  EXPECT_NE(MessageOf(late).find("by its deadline"), std::string_view::npos) << late;
  const auto taken = Call<v1::SubmitJobResponse>(kAda, "JobService/SubmitJob", seconds_ahead(86'400));
  EXPECT_TRUE(taken.ok()) << taken.status();
}

}  // namespace
}  // namespace turnpike
