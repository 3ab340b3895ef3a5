#include <gtest/gtest.h>

#include <future>
#include <vector>

#include "base/pg/migrate.h"
#include "base/pg/sql_status.h"
#include "tests/base/pg/open_test_connection.h"

namespace turnpike {
namespace {

constexpr EmbeddedFile kFirst{"0001_first.sql",
                              "CREATE TABLE first (value bigint); INSERT INTO first VALUES (1), (2);"};
constexpr EmbeddedFile kSecond{"0002_second.sql", "ALTER TABLE first ADD COLUMN note text;"};
constexpr EmbeddedFile kThirdBroken{"0003_third.sql", "CREATE TABLE third (); SELECT 1/0;"};
constexpr EmbeddedFile kThird{"0003_third.sql", "CREATE TABLE third ();"};

class MigratePgTest : public testing::Test {
 protected:
  Result<MigrationState> Apply(const std::vector<EmbeddedFile>& files) const {
    return ApplyMigrations(database_.ConnectionString(), files);
  }
  Result<MigrationState> Check(const std::vector<EmbeddedFile>& files) const {
    return CheckMigrations(database_.ConnectionString("turnpike_api"), files);
  }
  int64_t Count(const char* sql) const {
    const Result<Rows> rows = OpenTestConnection(database_.ConnectionString())->Execute(sql);
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() ? rows->Int(0, 0) : -1;
  }

  const TestDatabase database_ = MakeTestDatabase();
};

TEST_F(MigratePgTest, AppliesWhatIsMissingInOrder) {
  Result<MigrationState> state = Check({kFirst, kSecond});
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->applied, 0);
  EXPECT_EQ(state->known, 2);
  EXPECT_FALSE(state->up_to_date());

  ASSERT_TRUE(Apply({kFirst}).ok());
  EXPECT_FALSE(Check({kFirst, kSecond})->up_to_date());
  state = Apply({kSecond, kFirst});
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->applied, 2);
  EXPECT_TRUE(Check({kFirst, kSecond})->up_to_date());
  EXPECT_EQ(Count("SELECT count(note) + count(*) FROM first"), 2);
}

TEST_F(MigratePgTest, ApplyingAgainChangesNothing) {
  ASSERT_TRUE(Apply({kFirst, kSecond}).ok());
  ASSERT_TRUE(Apply({kFirst, kSecond}).ok());
  EXPECT_EQ(Count("SELECT count(*) FROM first"), 2);
  EXPECT_EQ(Count("SELECT count(*) FROM schema_migration"), 2);
}

TEST_F(MigratePgTest, RefusesAnAppliedMigrationThatWasEdited) {
  ASSERT_TRUE(Apply({kFirst}).ok());
  const EmbeddedFile edited{kFirst.name, "CREATE TABLE other (value bigint);"};
  for (const Status& status : {Apply({edited, kSecond}).status(), Check({edited, kSecond}).status()}) {
    EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
    EXPECT_NE(MessageOf(status).find("0001_first.sql"), std::string_view::npos) << status;
  }
  EXPECT_EQ(Count("SELECT count(*) FROM schema_migration"), 1);
}

TEST_F(MigratePgTest, AFailedMigrationLeavesNothingOfItself) {
  const Status status = Apply({kFirst, kSecond, kThirdBroken}).status();
  EXPECT_EQ(SqlStateOf(status), "22012");
  EXPECT_NE(MessageOf(status).find("0003_third.sql"), std::string_view::npos) << status;
  EXPECT_EQ(Count("SELECT count(*) FROM schema_migration"), 2);
  EXPECT_EQ(Count("SELECT count(*) FROM pg_class WHERE relname = 'third'"), 0);
  // Never applied, so it may still be mended.
  EXPECT_TRUE(Apply({kFirst, kSecond, kThird}).ok());
}

TEST_F(MigratePgTest, AnOlderProgramAcceptsANewerDatabase) {
  ASSERT_TRUE(Apply({kFirst, kSecond}).ok());
  const Result<MigrationState> state = Apply({kFirst});
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_TRUE(state->up_to_date());
  EXPECT_TRUE(state->ahead());
}

TEST_F(MigratePgTest, RefusesADatabaseThatSkippedOne) {
  ASSERT_TRUE(Apply({kFirst, kSecond}).ok());
  ASSERT_TRUE(OpenTestConnection(database_.ConnectionString())
                  ->ExecuteScript("DELETE FROM schema_migration WHERE number = 1")
                  .ok());
  EXPECT_EQ(Check({kFirst, kSecond}).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Apply({kFirst, kSecond}).status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(MigratePgTest, ConcurrentProgramsApplyEachMigrationOnce) {
  constexpr int kPrograms = 6;
  std::vector<std::future<Result<MigrationState>>> programs;
  for (int index = 0; index < kPrograms; ++index) {
    programs.push_back(std::async(std::launch::async, [&] { return Apply({kFirst, kSecond, kThird}); }));
  }
  for (std::future<Result<MigrationState>>& program : programs) {
    const Result<MigrationState> state = program.get();
    ASSERT_TRUE(state.ok()) << state.status();
    EXPECT_EQ(state->applied, 3);
  }
  EXPECT_EQ(Count("SELECT count(*) FROM first"), 2);
  EXPECT_EQ(Count("SELECT count(*) FROM schema_migration"), 3);
}

TEST_F(MigratePgTest, ARoleThatMayNotMakeTablesIsRefused) {
  const Status status =
      ApplyMigrations(database_.ConnectionString("turnpike_api"), std::vector<EmbeddedFile>{kFirst}).status();
  EXPECT_EQ(SqlStateOf(status), "42501");
}

TEST_F(MigratePgTest, ACopiedDatabaseHasTheSchema) {
  static constexpr EmbeddedFile kFiles[] = {kFirst, kSecond};
  const TestDatabase one = MakeTestDatabase(kFiles);
  const TestDatabase two = MakeTestDatabase(kFiles);
  EXPECT_NE(one.name, two.name);
  EXPECT_TRUE(CheckMigrations(two.ConnectionString(), kFiles)->up_to_date());
}

}  // namespace
}  // namespace turnpike
