// The end of a transaction when the standby does not answer.  The server of these tests waits at each commit for a
// standby that is not there, whenever a transaction asks for it.

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>

#include "base/error_reason.h"
#include "base/pg/transaction_runner.h"
#include "base/system_clock.h"
#include "tests/base/pg/open_test_connection.h"

namespace turnpike {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr char kWaitForStandby[] = "SET LOCAL synchronous_commit = on";
constexpr char kIsWaiting[] = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep')";
constexpr char kCancel[] = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
constexpr char kTerminate[] = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

class CommitOutcomePgTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    Result<PrivatePostgres> server = PrivatePostgres::Start(
        {.folder = MakeTestFolder(), .durable = false, .server_settings = {{"synchronous_standby_names", "nobody"}}});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = std::make_unique<PrivatePostgres>(*std::move(server));
    watcher_ = OpenTestConnection(server_->SuperuserConnectionString("turnpike"));
    ASSERT_TRUE(watcher_->ExecuteScript("CREATE TABLE kept (value text); GRANT ALL ON kept TO PUBLIC").ok());
  }
  static void TearDownTestSuite() {
    watcher_.reset();
    EXPECT_TRUE(server_->Stop().ok());
    server_.reset();
  }

  Status Write(const char* value, milliseconds commit_timeout) {
    return runner_.Run({.commit_timeout = commit_timeout}, [&](Transaction& tx) -> Status {
      RETURN_IF_ERROR(tx.Execute(kWaitForStandby).status());
      return tx.Execute("INSERT INTO kept (value) VALUES ($1)", Params().Text(value)).status();
    });
  }
  // Writes, and meanwhile does this to the backend that waits for the standby.
  Status WriteAndMeanwhile(const char* value, const char* sql) {
    std::future<Status> written = std::async(std::launch::async, [&] { return Write(value, minutes(5)); });
    EXPECT_TRUE(AskUntilTrue(*watcher_, kIsWaiting));
    EXPECT_TRUE(watcher_->Execute(sql).ok());
    return written.get();
  }

  static std::unique_ptr<PrivatePostgres> server_;
  static std::unique_ptr<Connection> watcher_;
  SystemClock machine_;
  DatabaseClock clock_{machine_};
  TransactionRunner runner_{{.connection = {.conninfo = server_->ConnectionString(kApiRole)}}, clock_};
};
std::unique_ptr<PrivatePostgres> CommitOutcomePgTest::server_;
std::unique_ptr<Connection> CommitOutcomePgTest::watcher_;

TEST_F(CommitOutcomePgTest, ACommitThatMissesItsDeadlineIsUnknown) {
  const Status status = Write("deadline", milliseconds(20));
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_TRUE(CommitOutcomeUnknown(status)) << status;
  EXPECT_EQ(DetailsOf(status).reason, ErrorReason::kDatabaseUnavailable);
  EXPECT_EQ(runner_.open_connections(), 0);
  ASSERT_TRUE(AskUntilTrue(*watcher_, kIsWaiting));
  EXPECT_TRUE(watcher_->Execute(kTerminate).ok());
  EXPECT_TRUE(
      AskUntilTrue(*watcher_, "SELECT NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep')"));
}

TEST_F(CommitOutcomePgTest, ACommitThatTheServerStoppedWaitingForIsUnknownAndNotSuccess) {
  const Status status = WriteAndMeanwhile("cancelled", kCancel);
  EXPECT_TRUE(CommitOutcomeUnknown(status)) << status;
  EXPECT_EQ(SqlStateOf(status), "01000");
  // The session itself is fine.
  EXPECT_EQ(runner_.open_connections(), 1);
}

TEST_F(CommitOutcomePgTest, ACommitWhoseBackendWasTerminatedIsUnknown) {
  const Status status = WriteAndMeanwhile("terminated", kTerminate);
  EXPECT_TRUE(CommitOutcomeUnknown(status)) << status;
  EXPECT_EQ(SqlStateOf(status), "57P01");
}

TEST_F(CommitOutcomePgTest, ACommitThatTheServerRefusedIsKnown) {
  ASSERT_TRUE(watcher_
                  ->ExecuteScript(R"sql(
      CREATE TABLE checked (value text CONSTRAINT checked_value UNIQUE DEFERRABLE INITIALLY DEFERRED);
      GRANT ALL ON checked TO PUBLIC
  )sql")
                  .ok());
  const Status status = runner_.Run(
      {}, [](Transaction& tx) { return tx.Execute("INSERT INTO checked (value) VALUES ('same'), ('same')").status(); });
  EXPECT_EQ(status.code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(ConstraintOf(status), "checked_value");
  EXPECT_FALSE(CommitOutcomeUnknown(status));
  EXPECT_EQ(runner_.open_connections(), 1);
}

}  // namespace
}  // namespace turnpike
