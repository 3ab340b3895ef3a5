// Many jobs at once: few transactions, each job judged for itself, all of them run and billed.
#include <gtest/gtest.h>

#include "tests/e2e/eventually.h"
#include "tests/e2e/federation.h"
#include "tests/e2e/sound_run.h"

namespace turnpike {
namespace {

constexpr int kJobs = 1'000;
constexpr int kBadJob = 417;
constexpr int kCores = 64;
constexpr std::chrono::minutes kDrainTime{8};

constexpr char kSubmitTransactions[] = R"sql(
    SELECT count(DISTINCT xid)
      FROM job_event
     WHERE kind = 'SUBMITTED'
)sql";

constexpr char kStored[] = R"sql(
    SELECT count(*)
      FROM job
)sql";

constexpr char kSettled[] = R"sql(
    SELECT count(*)
      FROM job_end AS e
      JOIN funds_hold AS h ON h.job_id = e.job_id
     WHERE h.charged_micros + h.released_micros = h.reserved_micros
)sql";

constexpr char kOtherwiseEnded[] = R"sql(
    SELECT count(*)
      FROM job_end
     WHERE state <> 'COMPLETED'
)sql";

class Batch : public testing::Test {
 protected:
  void SetUp() override {
    const Status started = federation_.StartBroker();
    ASSERT_TRUE(started.ok()) << MessageOf(started);
    const Result<SiteAgent*> site = federation_.AddSite({.name = "wide", .scheduler_yaml = ProcessScheduler(kCores)});
    ASSERT_TRUE(site.ok()) << MessageOf(site.status());
    Result<std::unique_ptr<Database>> database = federation_.OpenDatabase();
    ASSERT_TRUE(database.ok()) << MessageOf(database.status());
    database_ = *std::move(database);
    Result<std::unique_ptr<Client>> client = federation_.MakeClient();
    ASSERT_TRUE(client.ok()) << MessageOf(client.status());
    client_ = *std::move(client);
  }

  v1::BatchSubmitJobsRequest MakeRequest() {
    v1::BatchSubmitJobsRequest request;
    request.set_request_id(federation_.NewRequestId());
    for (int i = 0; i < kJobs; ++i) {
      v1::JobSpec& spec = *request.add_specs();
      spec.set_name(fmt::format("batch-{}", i));
      spec.mutable_command()->add_arguments("/bin/true");
      spec.mutable_time_limit()->set_seconds(60);
    }
    request.mutable_specs(kBadJob)->mutable_resources()->set_nodes(-3);
    return request;
  }

  int64_t Count(const char* sql) const {
    const Result<int64_t> count = database_->Number(sql);
    EXPECT_TRUE(count.ok()) << MessageOf(count.status());
    return count.value_or(-1);
  }

  Federation federation_{Federation::Settings{.local_site = false}};
  std::unique_ptr<Database> database_;
  std::unique_ptr<Client> client_;
};

TEST_F(Batch, RefusesTheBadOneAloneAndRunsAndBillsTheOthers) {
  const v1::BatchSubmitJobsRequest request = MakeRequest();
  const Result<v1::BatchSubmitJobsResponse> response = client_->BatchSubmitJobs(request);
  ASSERT_TRUE(response.ok()) << MessageOf(response.status());
  ASSERT_EQ(response->results_size(), kJobs);
  for (int i = 0; i < kJobs; ++i) {
    const auto& result = response->results(i);
    ASSERT_EQ(result.has_refusal(), i == kBadJob) << i << ": " << result.ShortDebugString();
    if (i != kBadJob) {
      federation_.NoteAccepted(result.job_id());
    }
  }
  const v1::BatchSubmitJobsResponse::Refusal& refusal = response->results(kBadJob).refusal();
  EXPECT_EQ(refusal.code(), static_cast<int>(StatusCode::kInvalidArgument));
  ASSERT_EQ(refusal.violations_size(), 1);
  EXPECT_TRUE(refusal.violations(0).starts_with(fmt::format("specs[{}].resources.nodes: ", kBadJob)))
      << refusal.violations(0);
  EXPECT_EQ(Count(kStored), kJobs - 1);
  EXPECT_LE(Count(kSubmitTransactions), 3);

  // The same request again: the same answers, and nothing new.
  const Result<v1::BatchSubmitJobsResponse> again = client_->BatchSubmitJobs(request);
  ASSERT_TRUE(again.ok()) << MessageOf(again.status());
  EXPECT_EQ(again->SerializeAsString(), response->SerializeAsString());
  EXPECT_EQ(Count(kStored), kJobs - 1);

  // The same key for another batch is a mistake of the caller's.
  v1::BatchSubmitJobsRequest other = request;
  other.mutable_specs(0)->set_name("another");
  EXPECT_EQ(client_->BatchSubmitJobs(other).status().code(), StatusCode::kInvalidArgument);

  EXPECT_TRUE(Eventually([this] { return Count(kSettled) == kJobs - 1; }, kDrainTime))
      << Count(kSettled) << " of " << kJobs - 1 << " are over and settled";
  EXPECT_EQ(Count(kOtherwiseEnded), 0);
  const Status sound = CheckSoundRun(federation_);
  EXPECT_TRUE(sound.ok()) << MessageOf(sound);
}

}  // namespace
}  // namespace turnpike
