#include <gtest/gtest.h>

#include <array>
#include <future>
#include <string>
#include <vector>

#include "base/error_reason.h"
#include "base/pg/connection.h"
#include "tests/base/pg/open_test_connection.h"

namespace turnpike {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::steady_clock;

class ConnectionPgTest : public testing::Test {
 protected:
  std::unique_ptr<Connection> Open() const { return OpenTestConnection(database_.ConnectionString()); }
  std::unique_ptr<Connection> OpenAsSuperuser() const {
    return OpenTestConnection(database_.SuperuserConnectionString());
  }

  const TestDatabase database_ = MakeTestDatabase();
  const std::unique_ptr<Connection> connection_ = Open();
};

int64_t PreparedCount(Connection& connection) {
  const Result<Rows> rows =
      connection.Execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%once%'");
  EXPECT_TRUE(rows.ok()) << rows.status();
  return rows.ok() ? rows->Int(0, 0) : -1;
}

TEST_F(ConnectionPgTest, SetsItsTimeouts) {
  const Result<std::unique_ptr<Connection>> connection =
      Connection::Open({.conninfo = database_.ConnectionString(),
                        .statement_timeout = milliseconds(12'345),
                        .idle_in_transaction_timeout = milliseconds(23'456)});
  ASSERT_TRUE(connection.ok());
  const Result<Rows> rows = (*connection)->Execute(R"sql(
      SELECT current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout'),
             current_setting('application_name'), current_setting('client_encoding')
  )sql");
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->Text(0, 0), "12345ms");
  EXPECT_EQ(rows->Text(0, 1), "23456ms");
  EXPECT_EQ(rows->Text(0, 2), "turnpike");
  EXPECT_EQ(rows->Text(0, 3), "UTF8");
}

TEST_F(ConnectionPgTest, PreparesAStatementOnce) {
  for (int64_t value = 0; value < 5; ++value) {
    const Result<Rows> rows = connection_->Execute("SELECT $1 AS prepared_once", Params().Int(value));
    ASSERT_TRUE(rows.ok()) << rows.status();
    EXPECT_EQ(rows->Int(0, 0), value);
  }
  // The one that counts is prepared too.
  EXPECT_EQ(PreparedCount(*connection_), 2);
  EXPECT_EQ(PreparedCount(*connection_), 2);
}

TEST_F(ConnectionPgTest, PreparesAStatementAgainForOtherParameterTypes) {
  EXPECT_EQ(connection_->Execute("SELECT $1", Params().Int(4))->Int(0, 0), 4);
  EXPECT_EQ(connection_->Execute("SELECT $1", Params().Text("four"))->Text(0, 0), "four");
  EXPECT_EQ(connection_->Execute("SELECT $1", Params().Int(5))->Int(0, 0), 5);
}

TEST_F(ConnectionPgTest, DoesNotKeepAStatementThatFailedToPrepare) {
  constexpr char kSql[] = "SELECT value FROM comes_later";
  EXPECT_EQ(SqlStateOf(connection_->Execute(kSql).status()), "42P01");
  ASSERT_TRUE(connection_->ExecuteScript("CREATE TABLE comes_later (value bigint)").ok());
  EXPECT_TRUE(connection_->Execute(kSql).ok());
}

TEST_F(ConnectionPgTest, RunsManyStatementsInOneRoundTrip) {
  const Params first = Params().Int(1);
  const Params second = Params().Int(2);
  const std::array<Statement, 3> statements{{{.sql = "SELECT $1 AS many", .params = &first},
                                             {.sql = "SELECT $1 AS many", .params = &second},
                                             {.sql = "SELECT 3::bigint", .params = nullptr}}};
  for (int pass = 0; pass < 2; ++pass) {
    const Result<std::vector<Rows>> rows = connection_->ExecuteAll(statements, connection_->AnswerDeadline());
    ASSERT_TRUE(rows.ok()) << rows.status();
    ASSERT_EQ(rows->size(), 3U);
    for (size_t index = 0; index < rows->size(); ++index) {
      EXPECT_EQ((*rows)[index].Int(0, 0), static_cast<int64_t>(index) + 1);
    }
  }
}

TEST_F(ConnectionPgTest, AFailureAmongManyUndoesAllAndLeavesTheConnectionUsable) {
  ASSERT_TRUE(connection_->ExecuteScript("CREATE TABLE kept (value bigint CONSTRAINT kept_value UNIQUE)").ok());
  const Params one = Params().Int(1);
  constexpr char kInsert[] = "INSERT INTO kept (value) VALUES ($1)";
  const std::array<Statement, 3> statements{
      {{.sql = kInsert, .params = &one}, {.sql = kInsert, .params = &one}, {.sql = "SELECT 'never run'"}}};
  const Status status = connection_->ExecuteAll(statements, connection_->AnswerDeadline()).status();
  EXPECT_EQ(status.code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(ConstraintOf(status), "kept_value");
  EXPECT_FALSE(connection_->broken());
  EXPECT_EQ(connection_->Execute("SELECT count(*) FROM kept")->Int(0, 0), 0);
}

TEST_F(ConnectionPgTest, SendsMoreThanSocketBuffersHold) {
  const std::string large(8U << 20U, 'x');
  const Params params = Params().Bytes(large);
  const std::vector<Statement> statements(4, Statement{.sql = "SELECT $1", .params = &params});
  const Result<std::vector<Rows>> rows = connection_->ExecuteAll(statements, connection_->AnswerDeadline());
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->back().Bytes(0, 0), large);
}

TEST_F(ConnectionPgTest, AScriptRunsSeveralStatementsOrNone) {
  EXPECT_TRUE(connection_->ExecuteScript("CREATE TABLE one (); CREATE TABLE two ();").ok());
  const Status status = connection_->ExecuteScript("CREATE TABLE three (); CREATE TABLE one ();");
  EXPECT_EQ(SqlStateOf(status), "42P07");
  EXPECT_EQ(status.code(), StatusCode::kInternal);
  EXPECT_EQ(connection_->Execute("SELECT to_regclass('three') IS NULL")->Bool(0, 0), true);
}

TEST_F(ConnectionPgTest, RefusesCopyWithoutHanging) {
  EXPECT_FALSE(connection_->Execute("COPY pg_class TO STDOUT").ok());
  EXPECT_FALSE(Open()->ExecuteScript("COPY pg_class TO STDOUT").ok());
}

TEST_F(ConnectionPgTest, CollectsNotices) {
  ASSERT_TRUE(connection_->ExecuteScript("DO $$ BEGIN RAISE WARNING 'mind the gap'; END $$").ok());
  ASSERT_EQ(connection_->notices().size(), 1U);
  EXPECT_EQ(connection_->notices()[0].sqlstate, "01000");
  EXPECT_EQ(connection_->notices()[0].text, "mind the gap");
  EXPECT_FALSE(MeansNotReplicated(connection_->notices()[0]));
  ASSERT_TRUE(connection_->Execute("SELECT 1").ok());
  EXPECT_TRUE(connection_->notices().empty());
}

TEST_F(ConnectionPgTest, TheServersStatementTimeoutLeavesTheConnectionUsable) {
  const std::unique_ptr<Connection> holder = Open();
  ASSERT_TRUE(holder->Execute("SELECT pg_advisory_lock(1)").ok());
  ASSERT_TRUE(connection_->Execute("SET statement_timeout = '20ms'").ok());
  const Status status = connection_->Execute("SELECT pg_advisory_lock(1)").status();
  EXPECT_EQ(status.code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(SqlStateOf(status), "57014");
  EXPECT_FALSE(connection_->broken());
}

TEST_F(ConnectionPgTest, OurOwnDeadlineBreaksTheConnection) {
  const std::unique_ptr<Connection> holder = Open();
  ASSERT_TRUE(holder->Execute("SELECT pg_advisory_lock(1)").ok());
  const Status status =
      connection_->Execute("SELECT pg_advisory_lock(1)", {}, steady_clock::now() + milliseconds(20)).status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(DetailsOf(status).reason, ErrorReason::kDatabaseUnavailable);
  EXPECT_TRUE(connection_->broken());
  EXPECT_EQ(connection_->Execute("SELECT 1").status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(connection_->ExecuteScript("SELECT 1").code(), StatusCode::kUnavailable);
}

TEST_F(ConnectionPgTest, ABackendThatEndsItselfSaysWhy) {
  const Status status = connection_->Execute("SELECT pg_terminate_backend(pg_backend_pid())").status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(SqlStateOf(status), "57P01");
  EXPECT_TRUE(connection_->broken());
}

TEST_F(ConnectionPgTest, ABackendKilledWhileIdleIsFoundOut) {
  const std::unique_ptr<Connection> killer = OpenAsSuperuser();
  const Params victim = Params().Int(connection_->backend_pid());
  ASSERT_TRUE(killer->Execute("SELECT pg_terminate_backend($1::integer)", victim).ok());
  ASSERT_TRUE(
      AskUntilTrue(*killer, "SELECT NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = $1::integer)", victim));
  const Status status = connection_->Execute("SELECT 1").status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(SqlStateOf(status), "57P01");
  EXPECT_TRUE(connection_->broken());
}

TEST_F(ConnectionPgTest, HearsANotification) {
  const std::unique_ptr<Connection> sender = Open();
  ASSERT_TRUE(connection_->Listen("Odd \"channel\"").ok());
  EXPECT_EQ(*connection_->WaitForNotification(milliseconds(0)), false);
  ASSERT_TRUE(sender->Execute("SELECT pg_notify('Odd \"channel\"', '')").ok());
  EXPECT_EQ(*connection_->WaitForNotification(minutes(1)), true);
  EXPECT_EQ(*connection_->WaitForNotification(milliseconds(0)), false);
}

TEST_F(ConnectionPgTest, RemembersANotificationThatCameDuringAStatement) {
  ASSERT_TRUE(connection_->Listen("tail").ok());
  ASSERT_TRUE(connection_->Execute("SELECT pg_notify('tail', '')").ok());
  ASSERT_TRUE(connection_->Execute("SELECT 1").ok());
  EXPECT_EQ(*connection_->WaitForNotification(minutes(1)), true);
}

TEST_F(ConnectionPgTest, AnotherThreadWakesTheWaitingOne) {
  ASSERT_TRUE(connection_->Listen("tail").ok());
  std::future<Result<bool>> waiting =
      std::async(std::launch::async, [&] { return connection_->WaitForNotification(minutes(5)); });
  connection_->Wake();
  const Result<bool> heard = waiting.get();
  ASSERT_TRUE(heard.ok());
  EXPECT_FALSE(*heard);
  EXPECT_EQ(*connection_->WaitForNotification(milliseconds(0)), false);
}

TEST_F(ConnectionPgTest, AKilledBackendEndsTheWait) {
  ASSERT_TRUE(connection_->Listen("tail").ok());
  const std::unique_ptr<Connection> killer = OpenAsSuperuser();
  std::future<Result<bool>> waiting =
      std::async(std::launch::async, [&] { return connection_->WaitForNotification(minutes(5)); });
  ASSERT_TRUE(
      killer->Execute("SELECT pg_terminate_backend($1::integer)", Params().Int(connection_->backend_pid())).ok());
  EXPECT_EQ(waiting.get().status().code(), StatusCode::kUnavailable);
  EXPECT_TRUE(connection_->broken());
}

TEST(ConnectionOpenPgTest, SaysWhyItCannotConnect) {
  const Status nobody = Connection::Open({.conninfo = "host=/nowhere"}).status();
  EXPECT_EQ(nobody.code(), StatusCode::kUnavailable);
  EXPECT_NE(MessageOf(nobody).find("/nowhere"), std::string_view::npos) << nobody;
  const Status no_role = Connection::Open({.conninfo = TestServer().ConnectionString("no_such_role")}).status();
  EXPECT_FALSE(no_role.ok());
  const Status nonsense = Connection::Open({.conninfo = "what=is this"}).status();
  EXPECT_FALSE(nonsense.ok());
}

}  // namespace
}  // namespace turnpike
