// A primary and its standby: which of the two may be used, what a commit does while the standby is away, and what is
// known after the one was promoted.

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>

#include "base/error_reason.h"
#include "base/pg/transaction_runner.h"
#include "base/system_clock.h"
#include "tests/base/pg/open_test_connection.h"
#include "tests/support/standby.h"

namespace turnpike {
namespace {

using std::chrono::milliseconds;

constexpr char kWrite[] = "INSERT INTO kept (value) VALUES ($1)";
constexpr char kFound[] = "SELECT EXISTS (SELECT 1 FROM kept WHERE value = $1)";
constexpr char kIsSynchronous[] = "SELECT EXISTS (SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync')";
constexpr char kIsAlone[] = "SELECT NOT EXISTS (SELECT 1 FROM pg_stat_replication)";
constexpr char kSessions[] = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'under test'";
constexpr char kWaiting[] = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

class FailoverPgTest : public testing::Test {
 protected:
  void SetUp() override {
    Result<PrivatePostgres> primary = PrivatePostgres::Start(
        {.folder = MakeTestFolder(), .server_settings = {{"fsync", "off"}, {"wal_keep_size", "64MB"}}});
    ASSERT_TRUE(primary.ok()) << primary.status();
    primary_ = std::make_unique<PrivatePostgres>(*std::move(primary));
    admin_ = OpenTestConnection(primary_->SuperuserConnectionString("turnpike"));
    ASSERT_TRUE(admin_->ExecuteScript("CREATE TABLE kept (value text); GRANT ALL ON kept TO PUBLIC").ok());
    Result<PrivatePostgres> standby =
        StartStandby(primary_->socket_folder(), {.folder = MakeTestFolder(), .server_settings = {{"fsync", "off"}}});
    ASSERT_TRUE(standby.ok()) << standby.status();
    standby_ = std::make_unique<PrivatePostgres>(*std::move(standby));
  }
  void TearDown() override {
    admin_.reset();
    for (PrivatePostgres* server : {standby_.get(), primary_.get()}) {
      if (server != nullptr) {
        static_cast<void>(SignalProcess(server->process(), SIGKILL));
        EXPECT_TRUE(WaitUntilGone(server->process(), std::chrono::minutes(1)));
      }
    }
  }

  // Commits wait for the standby from now on.
  void RequireStandby() { SetStandbyNames("*"); }
  void SetStandbyNames(const std::string& names) {
    const std::string set = "ALTER SYSTEM SET synchronous_standby_names = '" + names + "'";
    ASSERT_TRUE(admin_->ExecuteScript(set).ok());
    ASSERT_TRUE(admin_->ExecuteScript("SELECT pg_reload_conf()").ok());
  }
  ConnectionPoolSettings Pool() {
    ConnectionPoolSettings pool;
    pool.connection.conninfo = fmt::format("host='{},{}' port=5432,5432 dbname=turnpike user=turnpike_api",
                                           primary_->socket_folder(), standby_->socket_folder());
    pool.connection.application_name = "under test";
    pool.connection.servers = &servers_;
    return pool;
  }
  Status Write(TransactionRunner& runner, const char* value, milliseconds commit_timeout = milliseconds(5'000)) {
    return runner.Run({.commit_timeout = commit_timeout},
                      [&](Transaction& tx) { return tx.Execute(kWrite, Params().Text(value)).status(); });
  }
  Result<bool> Find(TransactionRunner& runner, const char* value) {
    bool found = false;
    RETURN_IF_ERROR(runner.Run({.read_only = true}, [&](Transaction& tx) -> Status {
      ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kFound, Params().Text(value)));
      found = rows.Bool(0, 0);
      return OkStatus();
    }));
    return found;
  }
  void Promote() {
    const auto connection = OpenTestConnection(standby_->SuperuserConnectionString("turnpike"));
    const Result<Rows> promoted = connection->Execute("SELECT pg_promote()");
    ASSERT_TRUE(promoted.ok()) << promoted.status();
    ASSERT_TRUE(promoted->Bool(0, 0));
  }
  void Kill(PrivatePostgres& server) {
    ASSERT_TRUE(SignalProcess(server.process(), SIGKILL).ok());
    ASSERT_TRUE(WaitUntilGone(server.process(), std::chrono::minutes(1)));
  }
  int64_t Count(const char* sql) {
    const Result<Rows> rows = admin_->Execute(sql);
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() ? rows->Int(0, 0) : -1;
  }

  std::unique_ptr<PrivatePostgres> primary_;
  std::unique_ptr<PrivatePostgres> standby_;
  std::unique_ptr<Connection> admin_;
  DatabaseServers servers_;
  SystemClock machine_;
  DatabaseClock clock_{machine_};
};

// C10.
TEST_F(FailoverPgTest, AStandbyIsNeverReadForADecision) {
  ConnectionSettings settings = Pool().connection;
  settings.conninfo = standby_->ConnectionString(kApiRole);
  const Status refused = Connection::Open(settings).status();
  EXPECT_EQ(refused.code(), StatusCode::kUnavailable);
  EXPECT_EQ(DetailsOf(refused).reason, ErrorReason::kDatabaseUnavailable);
  EXPECT_NE(MessageOf(refused).find("standby"), std::string_view::npos) << refused;
  // Named first, it is passed over.
  settings.conninfo = fmt::format("host='{},{}' dbname=turnpike user=turnpike_api", standby_->socket_folder(),
                                  primary_->socket_folder());
  const auto connection = Connection::Open(settings);
  ASSERT_TRUE(connection.ok()) << connection.status();
  EXPECT_FALSE((*connection)->standing().in_recovery);
}

// C1, and C3: the old primary runs on and takes writes, and is not asked any more.
TEST_F(FailoverPgTest, AServerThatWasLeftBehindIsRefusedThoughItTakesWrites) {
  TransactionRunner runner(Pool(), clock_);
  ASSERT_TRUE(Write(runner, "before").ok());
  EXPECT_EQ(runner.timeline(), 1);
  ASSERT_TRUE(AskUntilTrue(
      *admin_, "SELECT coalesce(bool_and(replay_lsn = pg_current_wal_lsn()), false) FROM pg_stat_replication"));
  Promote();
  // Somebody has met the new one; sessions with the old one end.
  ConnectionSettings other = Pool().connection;
  other.conninfo = standby_->ConnectionString(kApiRole);
  ASSERT_TRUE(Connection::Open(other).ok());
  ASSERT_TRUE(Write(runner, "after").ok());
  EXPECT_EQ(runner.timeline(), 2);
  ASSERT_TRUE(admin_->Execute(kWrite, Params().Text("unseen")).ok());
  EXPECT_TRUE(Find(runner, "before").value());
  EXPECT_TRUE(Find(runner, "after").value());
  EXPECT_FALSE(Find(runner, "unseen").value());
  other.conninfo = primary_->ConnectionString(kApiRole);
  const Status refused = Connection::Open(other).status();
  EXPECT_EQ(refused.code(), StatusCode::kUnavailable);
  EXPECT_NE(MessageOf(refused).find("timeline 1"), std::string_view::npos) << refused;
}

TEST_F(FailoverPgTest, AnotherClustersServerIsRefused) {
  ASSERT_TRUE(Connection::Open(Pool().connection).ok());
  ConnectionSettings other = Pool().connection;
  other.conninfo = TestServer().ConnectionString(kApiRole, "postgres");
  const Status refused = Connection::Open(other).status();
  EXPECT_EQ(refused.code(), StatusCode::kUnavailable);
  EXPECT_NE(MessageOf(refused).find("another database cluster"), std::string_view::npos) << refused;
}

TEST_F(FailoverPgTest, TheStandbyTakesOverWhenThePrimaryIsKilled) {
  RequireStandby();
  ASSERT_TRUE(AskUntilTrue(*admin_, kIsSynchronous));
  TransactionRunner runner(Pool(), clock_);
  ASSERT_TRUE(Write(runner, "before").ok());
  Kill(*primary_);
  const Status away = Write(runner, "meanwhile");
  EXPECT_EQ(away.code(), StatusCode::kUnavailable) << away;
  EXPECT_EQ(DetailsOf(away).retry_after, std::chrono::seconds(1));
  Promote();
  ASSERT_TRUE(Write(runner, "after").ok());
  EXPECT_TRUE(Find(runner, "before").value());
  EXPECT_EQ(runner.timeline(), 2);
}

// C5.
TEST_F(FailoverPgTest, WithoutItsStandbyNothingIsWrittenAndEverythingIsRead) {
  RequireStandby();
  ASSERT_TRUE(AskUntilTrue(*admin_, kIsSynchronous));
  TransactionRunner runner(Pool(), clock_);
  ASSERT_TRUE(Write(runner, "before").ok());
  Kill(*standby_);
  ASSERT_TRUE(AskUntilTrue(*admin_, kIsAlone));  // What received for it outlives its first process a little.
  const Status stalled = Write(runner, "stalled", milliseconds(50));
  EXPECT_TRUE(CommitOutcomeUnknown(stalled)) << stalled;
  // One session waits at the server, and no further one joins it.
  for (int i = 0; i < 20; ++i) {
    const Status refused = Write(runner, "refused", milliseconds(50));
    EXPECT_EQ(refused.code(), StatusCode::kUnavailable);
    EXPECT_FALSE(CommitOutcomeUnknown(refused)) << refused;
    EXPECT_EQ(DetailsOf(refused).retry_after, std::chrono::seconds(1));
    EXPECT_TRUE(Find(runner, "before").value());
  }
  EXPECT_EQ(Count(kWaiting), 1);
  EXPECT_LE(Count(kSessions), 2);

  const Result<PrivatePostgres> again =
      PrivatePostgres::Start({.folder = standby_->socket_folder() + "/..", .server_settings = {{"fsync", "off"}}});
  ASSERT_TRUE(again.ok()) << again.status();
  *standby_ = *again;
  ASSERT_TRUE(AskUntilTrue(*admin_, "SELECT NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep')"));
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  Status written = Write(runner, "after");
  while (!written.ok() && std::chrono::steady_clock::now() < until) {
    written = Write(runner, "after");
  }
  EXPECT_TRUE(written.ok()) << written;
  EXPECT_TRUE(Find(runner, "stalled").value());
  EXPECT_FALSE(Find(runner, "refused").value());
}

// C5: the operator, or a manager of clusters, empties the names to keep the primary writable.
TEST_F(FailoverPgTest, AServerThatWouldNotWaitIsReadAndNotWritten) {
  ConnectionPoolSettings pool = Pool();
  pool.standby_required = true;
  TransactionRunner runner(pool, clock_);
  const Status refused = Write(runner, "refused");
  EXPECT_EQ(refused.code(), StatusCode::kUnavailable);
  EXPECT_NE(MessageOf(refused).find("synchronous_standby_names"), std::string_view::npos) << refused;
  EXPECT_FALSE(Find(runner, "refused").value());
  RequireStandby();
  ASSERT_TRUE(AskUntilTrue(*admin_, kIsSynchronous));
  EXPECT_TRUE(Write(runner, "kept").ok());
  SetStandbyNames("");
  ASSERT_TRUE(AskUntilTrue(*admin_, "SELECT current_setting('synchronous_standby_names') = ''"));
  EXPECT_EQ(Write(runner, "refused").code(), StatusCode::kUnavailable);
}

// C3: the primary hangs with its commits, as after the loss of its standby, and is left behind.
TEST_F(FailoverPgTest, ACommitThatHangsIsUnknownUntilAnotherServerIsFound) {
  RequireStandby();
  ASSERT_TRUE(AskUntilTrue(*admin_, kIsSynchronous));
  TransactionRunner runner(Pool(), clock_);
  ASSERT_TRUE(Write(runner, "before").ok());
  Promote();  // It follows no more: the old primary lives on, and waits for it.
  EXPECT_TRUE(CommitOutcomeUnknown(Write(runner, "hanging", milliseconds(50))));
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  Status written = Write(runner, "after", milliseconds(50));
  while (!written.ok() && std::chrono::steady_clock::now() < until) {
    written = Write(runner, "after", milliseconds(500));
  }
  EXPECT_TRUE(written.ok()) << written;
  EXPECT_FALSE(Find(runner, "hanging").value());
}

}  // namespace
}  // namespace turnpike
