// PostgreSQL's disk is full: submissions are refused and say so, reads are answered, and once there is room again the
// same calls go through, and what ended meanwhile has ended.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error_reason.h"
#include "base/file_sync.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/federation.h"
#include "tests/e2e/program.h"
#include "tests/e2e/sound_run.h"

namespace turnpike {
namespace {

constexpr size_t kBulkBytes = 32'768;  // more than a table has free in its last pages
constexpr char kNextSegment[] = "SELECT pg_logical_emit_message(false, 'test', 'x'), pg_switch_wal()";

class DiskFull : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.StartBroker()));
    ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.AddReplica("broker").status()));
    ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.LeaveToReplicas()));
    // Where the server's user can read it.
    ASSERT_TRUE(std::filesystem::copy_file(TestProgramPath("full_disk.so"), library_));
    ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.KillPostgres()));
    ASSERT_NO_FATAL_FAILURE(ExpectOk(StartPostgres()));
    ASSERT_NO_FATAL_FAILURE(
        ExpectOk(federation_.AddSite({.name = "alpha", .scheduler_yaml = ProcessScheduler(4)}).status()));
    Result<std::unique_ptr<Client>> client = federation_.MakeClient();
    ASSERT_NO_FATAL_FAILURE(ExpectOk(client.status()));
    client_ = *std::move(client);
    long_job_ = federation_.Submit(federation_.payload().Job("long", gate_)).value_or("");
    ASSERT_TRUE(Eventually([&] { return HasStarted(federation_.payload(), "long"); }));
  }

  static void ExpectOk(const Status& status) { ASSERT_TRUE(status.ok()) << MessageOf(status); }
  Status StartPostgres() const {
    return RunForOutput({.argv = {TestProgramPath("start_postgres"), postgres_, "LD_PRELOAD=" + library_,
                                  "TURNPIKE_FULL_DISK=" + full_}})
        .status();
  }
  void FillDisk() const { ASSERT_NO_FATAL_FAILURE(ExpectOk(WriteFileAtomically(full_, "", 0644))); }
  void FreeDisk() const { ASSERT_TRUE(std::filesystem::remove(full_)); }

  v1::SubmitJobRequest BulkyRequest() {
    v1::SubmitJobRequest request;
    request.set_request_id(federation_.NewRequestId());
    *request.mutable_spec() = federation_.payload().JobOf("bulky", std::chrono::seconds(1));
    std::string bulk;
    while (bulk.size() < kBulkBytes) {
      bulk += federation_.NewRequestId();
    }
    request.mutable_spec()->mutable_command()->add_arguments(bulk);
    return request;
  }
  void ExpectRefused(const v1::SubmitJobRequest& request) const {
    const Result<v1::SubmitJobResponse> answer = client_->SubmitJob(request);
    EXPECT_EQ(answer.status().code(), StatusCode::kUnavailable) << answer.status();
    EXPECT_EQ(DetailsOf(answer.status()).reason, ErrorReason::kDatabaseUnavailable) << answer.status();
    EXPECT_TRUE(DetailsOf(answer.status()).retry_after.has_value()) << answer.status();
  }
  // The same call again, and all that was under way.
  void ExpectAllWell(const v1::SubmitJobRequest& request) {
    Result<v1::SubmitJobResponse> accepted = Unknown("not asked yet");
    ASSERT_TRUE(Eventually([&] { return (accepted = client_->SubmitJob(request)).ok(); })) << accepted.status();
    federation_.NoteAccepted(accepted->job().job_id());
    for (const std::string& job_id : {long_job_, accepted->job().job_id()}) {
      const Result<v1::Job> ended = federation_.WaitForEnd(job_id);
      ASSERT_NO_FATAL_FAILURE(ExpectOk(ended.status()));
      EXPECT_EQ(ended->state(), v1::JOB_STATE_COMPLETED) << ended->ShortDebugString();
    }
    ASSERT_NO_FATAL_FAILURE(ExpectOk(CheckSoundRun(federation_)));
  }

  Federation federation_{Federation::Settings{.local_site = false}};
  const std::string postgres_ = federation_.folder() + "/data/postgres";
  const std::string library_ = postgres_ + ".full_disk.so";
  const std::string full_ = federation_.Path("disk_is_full");
  const std::string gate_ = federation_.Path("gate");
  std::unique_ptr<Client> client_;
  std::string long_job_;
};

TEST_F(DiskFull, CallsThatNeedRoomAreRefusedAndReadsAreAnswered) {
  ASSERT_NO_FATAL_FAILURE(FillDisk());
  const v1::SubmitJobRequest request = BulkyRequest();
  ExpectRefused(request);
  ExpectRefused(request);
  const Result<v1::Job> read = federation_.GetJob(long_job_);
  EXPECT_TRUE(read.ok()) << MessageOf(read.status());
  ASSERT_NO_FATAL_FAILURE(ExpectOk(OpenGate(gate_)));
  ASSERT_TRUE(Eventually([&] { return federation_.payload().Runs()["long"].ends == 1; }));
  ASSERT_NO_FATAL_FAILURE(FreeDisk());
  ASSERT_NO_FATAL_FAILURE(ExpectAllWell(request));
}

// Without room for its log the server gives up, and does not come back before there is some.
TEST_F(DiskFull, AServerThatEndsOfItComesBackWithAllThatWasAcknowledged) {
  ASSERT_NO_FATAL_FAILURE(FillDisk());
  const Result<std::unique_ptr<Database>> superuser =
      Database::Open(fmt::format("host={}/socket dbname=turnpike user=postgres", postgres_));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(superuser.status()));
  // The segments that are there already are used up first.
  ASSERT_TRUE(Eventually([&] { return !(*superuser)->Query(kNextSegment).ok(); }));
  const v1::SubmitJobRequest request = BulkyRequest();
  ExpectRefused(request);
  ASSERT_NO_FATAL_FAILURE(ExpectOk(OpenGate(gate_)));
  ASSERT_TRUE(Eventually([&] { return federation_.payload().Runs()["long"].ends == 1; }));
  ASSERT_NO_FATAL_FAILURE(FreeDisk());
  ASSERT_NO_FATAL_FAILURE(ExpectOk(StartPostgres()));
  ASSERT_NO_FATAL_FAILURE(ExpectAllWell(request));
}

}  // namespace
}  // namespace turnpike
