#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <latch>
#include <string>
#include <vector>

#include "base/error_reason.h"
#include "base/pg/transaction_runner.h"
#include "base/system_clock.h"
#include "tests/base/pg/open_test_connection.h"

namespace turnpike {
namespace {

using std::chrono::milliseconds;

constexpr EmbeddedFile kSchema[] = {{"0001_first.sql", R"sql(
    CREATE TABLE counter (name text PRIMARY KEY, value bigint NOT NULL);
    GRANT SELECT, INSERT, UPDATE ON counter TO turnpike_api;
    INSERT INTO counter VALUES ('left', 0), ('right', 0);

    CREATE TABLE note (project_id uuid NOT NULL, text text NOT NULL);
    ALTER TABLE note ENABLE ROW LEVEL SECURITY;
    ALTER TABLE note FORCE ROW LEVEL SECURITY;
    CREATE POLICY note_project ON note
      USING (project_id = ANY((SELECT nullif(current_setting('turnpike.projects', true), '')::uuid[])::uuid[]));
    GRANT SELECT, INSERT ON note TO turnpike_api;
)sql"}};
constexpr char kAdd[] = "UPDATE counter SET value = value + 1 WHERE name = $1";
constexpr char kRead[] = "SELECT value FROM counter WHERE name = $1";
constexpr char kScope[] = R"sql(
    SELECT current_setting('turnpike.projects', true), current_setting('turnpike.site', true), pg_backend_pid()
)sql";

ProjectId ProjectOf(char last) {
  return ProjectId(Uuid::Parse(std::string("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5") + last).value());
}

class TransactionRunnerPgTest : public testing::Test {
 protected:
  ConnectionPoolSettings Pool(int connections_max) const {
    return {.connection = {.conninfo = database_.ConnectionString("turnpike_api")},
            .connections_max = connections_max,
            .wait_max = milliseconds(20)};
  }
  Status Add(const char* name) {
    return runner_.Run({}, [&](Transaction& tx) { return tx.Execute(kAdd, Params().Text(name)).status(); });
  }
  int64_t Read(const char* name) {
    int64_t value = -1;
    const Status status = runner_.Run({.read_only = true}, [&](Transaction& tx) -> Status {
      ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kRead, Params().Text(name)));
      value = rows.Int(0, 0);
      return OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return value;
  }
  std::vector<std::string> ScopeOf(const TransactionSettings& settings) {
    std::vector<std::string> scope;
    const Status status = runner_.Run(settings, [&](Transaction& tx) -> Status {
      ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kScope));
      scope = {std::string(rows.Text(0, 0)), std::string(rows.Text(0, 1))};
      return OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return scope;
  }

  const TestDatabase database_ = MakeTestDatabase(kSchema);
  SystemClock machine_;
  DatabaseClock clock_{machine_};
  TransactionRunner runner_{Pool(2), clock_};
};

TEST_F(TransactionRunnerPgTest, CommitsWhatTheBodyDid) {
  ASSERT_TRUE(Add("left").ok());
  ASSERT_TRUE(Add("left").ok());
  EXPECT_EQ(Read("left"), 2);
  EXPECT_EQ(runner_.open_connections(), 1);
}

TEST_F(TransactionRunnerPgTest, RollsBackAndReturnsTheBodysOwnError) {
  const Status status = runner_.Run({}, [](Transaction& tx) -> Status {
    RETURN_IF_ERROR(tx.Execute(kAdd, Params().Text("left")).status());
    return FailedPrecondition("site alpha is draining");
  });
  EXPECT_EQ(status, FailedPrecondition("site alpha is draining"));
  EXPECT_EQ(Read("left"), 0);
  EXPECT_EQ(runner_.open_connections(), 1);
}

TEST_F(TransactionRunnerPgTest, AnErrorThatTheBodySwallowedStillFailsTheTransaction) {
  const Status status = runner_.Run({}, [](Transaction& tx) -> Status {
    RETURN_IF_ERROR(tx.Execute(kAdd, Params().Text("left")).status());
    EXPECT_FALSE(tx.Execute("INSERT INTO counter VALUES ('left', 1)").ok());
    return OkStatus();
  });
  EXPECT_EQ(status.code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(ConstraintOf(status), "counter_pkey");
  EXPECT_EQ(Read("left"), 0);
}

TEST_F(TransactionRunnerPgTest, TheScopeIsSeenInsideAndGoneAfter) {
  const ProjectId one = ProjectOf('1');
  const ProjectId two = ProjectOf('2');
  const SiteId site(ProjectOf('3').uuid());
  EXPECT_EQ(ScopeOf({.projects = {one, two}, .site = site}),
            (std::vector<std::string>{"{" + one.ToString() + "," + two.ToString() + "}", site.ToString()}));
  EXPECT_EQ(ScopeOf({}), (std::vector<std::string>{"", ""}));
  EXPECT_EQ(runner_.open_connections(), 1);
}

TEST_F(TransactionRunnerPgTest, RowLevelSecurityFollowsTheScope) {
  const auto write = [&](ProjectId scope, ProjectId row) {
    return runner_.Run({.projects = {scope}}, [&](Transaction& tx) {
      return tx.Execute("INSERT INTO note (project_id, text) VALUES ($1, 'x')", Params().Id(row)).status();
    });
  };
  const auto count = [&](const std::vector<ProjectId>& scope) {
    int64_t seen = -1;
    const Status status = runner_.Run({.projects = scope, .read_only = true}, [&](Transaction& tx) -> Status {
      ASSIGN_OR_RETURN(const Rows rows, tx.Execute("SELECT count(*) FROM note"));
      seen = rows.Int(0, 0);
      return OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return seen;
  };
  EXPECT_TRUE(write(ProjectOf('1'), ProjectOf('1')).ok());
  EXPECT_TRUE(write(ProjectOf('2'), ProjectOf('2')).ok());
  EXPECT_EQ(SqlStateOf(write(ProjectOf('1'), ProjectOf('2'))), "42501");
  EXPECT_EQ(count({ProjectOf('1')}), 1);
  EXPECT_EQ(count({ProjectOf('1'), ProjectOf('2')}), 2);
  EXPECT_EQ(count({ProjectOf('3')}), 0);
  EXPECT_EQ(count({}), 0);
}

TEST_F(TransactionRunnerPgTest, AReadOnlyTransactionCannotWrite) {
  const Status status = runner_.Run({.read_only = true},
                                    [](Transaction& tx) { return tx.Execute(kAdd, Params().Text("left")).status(); });
  EXPECT_EQ(SqlStateOf(status), "25006");
  EXPECT_TRUE(Add("left").ok());
}

TEST_F(TransactionRunnerPgTest, RunsAgainAfterASerializationFailure) {
  int passes = 0;
  const TransactionSettings settings{.isolation = Isolation::kRepeatableRead};
  const Status status = runner_.Run(settings, [&](Transaction& tx) -> Status {
    RETURN_IF_ERROR(tx.Execute(kRead, Params().Text("left")).status());
    if (++passes == 1) {
      RETURN_IF_ERROR(Add("left"));  // somebody else, after our snapshot
    }
    return tx.Execute(kAdd, Params().Text("left")).status();
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(passes, 2);
  EXPECT_EQ(Read("left"), 2);
}

TEST_F(TransactionRunnerPgTest, GivesUpAfterItsRetriesAndSaysAborted) {
  int passes = 0;
  const TransactionSettings settings{.isolation = Isolation::kRepeatableRead, .retries_max = 3};
  const Status status = runner_.Run(settings, [&](Transaction& tx) -> Status {
    ++passes;
    RETURN_IF_ERROR(tx.Execute(kRead, Params().Text("left")).status());
    RETURN_IF_ERROR(Add("left"));
    const Status failed = tx.Execute(kAdd, Params().Text("left")).status();
    return failed.ok() ? failed : Internal("the body's own words");  // the retry is not fooled
  });
  EXPECT_EQ(status.code(), StatusCode::kAborted);
  EXPECT_EQ(SqlStateOf(status), "40001");
  EXPECT_EQ(passes, 4);
}

TEST_F(TransactionRunnerPgTest, RunsAgainAfterADeadlock) {
  ASSERT_TRUE(OpenTestConnection(database_.SuperuserConnectionString())
                  ->ExecuteScript("ALTER ROLE turnpike_api SET deadlock_timeout = '20ms'")
                  .ok());
  std::latch both_hold_one(2);
  std::atomic<int> passes{0};
  const auto lock_both = [&](const char* first, const char* second) {
    int own_passes = 0;
    return runner_.Run({}, [&, own_passes](Transaction& tx) mutable -> Status {
      ++passes;
      RETURN_IF_ERROR(tx.Execute(kAdd, Params().Text(first)).status());
      if (++own_passes == 1) {
        both_hold_one.arrive_and_wait();
      }
      return tx.Execute(kAdd, Params().Text(second)).status();
    });
  };
  std::future<Status> other = std::async(std::launch::async, [&] { return lock_both("right", "left"); });
  EXPECT_TRUE(lock_both("left", "right").ok());
  EXPECT_TRUE(other.get().ok());
  EXPECT_GE(passes.load(), 3);
  EXPECT_EQ(Read("left"), 2);
  EXPECT_EQ(Read("right"), 2);
}

TEST_F(TransactionRunnerPgTest, ReplacesAConnectionThatWasKilledWhileIdle) {
  ASSERT_TRUE(Add("left").ok());
  const std::unique_ptr<Connection> killer = OpenTestConnection(database_.SuperuserConnectionString());
  ASSERT_TRUE(killer
                  ->Execute(R"sql(
                      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                       WHERE datname = current_database() AND usename = 'turnpike_api'
                  )sql")
                  .ok());
  ASSERT_TRUE(AskUntilTrue(*killer, R"sql(
      SELECT NOT EXISTS (SELECT 1 FROM pg_stat_activity
                          WHERE datname = current_database() AND usename = 'turnpike_api')
  )sql"));
  EXPECT_TRUE(Add("left").ok());
  EXPECT_EQ(Read("left"), 2);
  EXPECT_EQ(runner_.open_connections(), 1);
}

TEST_F(TransactionRunnerPgTest, AConnectionLostInTheBodyIsNoUnknownCommit) {
  const Status status = runner_.Run({}, [](Transaction& tx) -> Status {
    RETURN_IF_ERROR(tx.Execute(kAdd, Params().Text("left")).status());
    return tx.Execute("SELECT pg_terminate_backend(pg_backend_pid())").status();
  });
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_FALSE(CommitOutcomeUnknown(status));
  EXPECT_EQ(runner_.open_connections(), 0);
  EXPECT_EQ(Read("left"), 0);
}

TEST_F(TransactionRunnerPgTest, AFullPoolRefusesAfterItsWait) {
  TransactionRunner small(Pool(1), clock_);
  Status inner;
  const Status outer = small.Run({}, [&](Transaction&) {
    inner = small.Run({}, [](Transaction&) { return OkStatus(); });
    return OkStatus();
  });
  EXPECT_TRUE(outer.ok());
  EXPECT_EQ(inner.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(DetailsOf(inner).reason, ErrorReason::kOverloaded);
  EXPECT_TRUE(small.Run({}, [](Transaction&) { return OkStatus(); }).ok());
}

TEST_F(TransactionRunnerPgTest, ManyThreadsShareFewConnections) {
  constexpr int kThreads = 8;
  constexpr int kEach = 20;
  ConnectionPoolSettings pool = Pool(3);
  pool.wait_max = std::chrono::minutes(1);
  TransactionRunner shared(pool, clock_);
  std::vector<std::future<void>> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.push_back(std::async(std::launch::async, [&] {
      for (int pass = 0; pass < kEach; ++pass) {
        const Status status =
            shared.Run({}, [](Transaction& tx) { return tx.Execute(kAdd, Params().Text("left")).status(); });
        EXPECT_TRUE(status.ok()) << status;
      }
    }));
  }
  for (std::future<void>& thread : threads) {
    thread.get();
  }
  EXPECT_EQ(Read("left"), kThreads * kEach);
  EXPECT_LE(shared.open_connections(), 3);
}

TEST_F(TransactionRunnerPgTest, NowIsTheTransactionsAndTeachesTheClock) {
  const Status status = runner_.Run({}, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute("SELECT now(), clock_timestamp()"));
    EXPECT_EQ(tx.now(), rows.Time(0, 0));
    EXPECT_GE(clock_.Now() + std::chrono::seconds(1), rows.Time(0, 1));
    return OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(TransactionRunnerPgTest, ReadsInBatches) {
  std::vector<int> sizes;
  int64_t sum = 0;
  for (const int64_t last : {10, 12}) {
    sizes.clear();
    sum = 0;
    const Params params = Params().Int(last);
    const Status status = runner_.Run({.read_only = true}, [&](Transaction& tx) {
      return tx.ReadInBatches({.sql = "SELECT value FROM generate_series(1, $1::bigint) AS value ORDER BY value",
                               .params = &params,
                               .rows_max = 5},
                              [&](const Rows& rows) {
                                sizes.push_back(rows.size());
                                for (int row = 0; row < rows.size(); ++row) {
                                  sum += rows.Int(row, 0);
                                }
                                return OkStatus();
                              });
    });
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(sum, last * (last + 1) / 2);
  }
  EXPECT_EQ(sizes, (std::vector<int>{5, 5, 2}));
}

TEST_F(TransactionRunnerPgTest, ReadsAnotherShapeNextAndStopsWhenToldTo) {
  const auto read = [&](const char* sql, const std::function<Status(const Rows&)>& visit) {
    return runner_.Run({.read_only = true}, [&](Transaction& tx) {
      return tx.ReadInBatches({.sql = sql, .params = nullptr, .rows_max = 2}, visit);
    });
  };
  EXPECT_TRUE(read("SELECT 'text'", [](const Rows& rows) {
                EXPECT_EQ(rows.Text(0, 0), "text");
                return OkStatus();
              }).ok());
  EXPECT_TRUE(read("SELECT 1::bigint, true", [](const Rows& rows) {
                EXPECT_TRUE(rows.Bool(0, 1));
                return OkStatus();
              }).ok());
  int batches = 0;
  const Status stopped = read("SELECT generate_series(1, 100)", [&](const Rows&) {
    ++batches;
    return OutOfRange("enough");
  });
  EXPECT_EQ(stopped, OutOfRange("enough"));
  EXPECT_EQ(batches, 1);
}

TEST_F(TransactionRunnerPgTest, WhatWasDeferredIsSeenByTheNextStatement) {
  Rows added;
  int64_t seen = -1;
  const Status status = runner_.Run({}, [&](Transaction& tx) -> Status {
    tx.Defer("UPDATE counter SET value = value + 1 WHERE name = $1 RETURNING value", std::move(Params().Text("left")),
             &added);
    tx.Defer(kAdd, std::move(Params().Text("left")));
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kRead, Params().Text("left")));
    seen = rows.Int(0, 0);
    return OkStatus();
  });
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_EQ(added.size(), 1);
  EXPECT_EQ(added.Int(0, 0), 1);
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(Read("left"), 2);
}

TEST_F(TransactionRunnerPgTest, WhatWasDeferredLastIsCommitted) {
  const Status status = runner_.Run({}, [&](Transaction& tx) {
    tx.Defer(kAdd, std::move(Params().Text("right")));
    return OkStatus();
  });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(Read("right"), 1);
}

TEST_F(TransactionRunnerPgTest, AFailureOfWhatWasDeferredRollsBack) {
  const Status status = runner_.Run({}, [&](Transaction& tx) -> Status {
    RETURN_IF_ERROR(tx.Execute(kAdd, Params().Text("left")).status());
    tx.Defer("INSERT INTO counter (name, value) VALUES ('left', 1)", Params());
    return OkStatus();
  });
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(Read("left"), 0);
}

}  // namespace
}  // namespace turnpike
