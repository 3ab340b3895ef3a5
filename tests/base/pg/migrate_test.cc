#include "base/pg/migrate.h"

#include <gtest/gtest.h>

#include <vector>

namespace turnpike {
namespace {

struct NameCase {
  const char* what;
  std::vector<EmbeddedFile> files;
};

// Refused before any connection is tried: the connection string leads nowhere.
TEST(Migrate, RefusesNamesThatAreNoUnbrokenChain) {
  const NameCase cases[] = {
      {"a gap", {{"0001_first.sql", ""}, {"0003_third.sql", ""}}},
      {"a repeat", {{"0001_first.sql", ""}, {"0001_other.sql", ""}}},
      {"a late start", {{"0002_second.sql", ""}}},
      {"number zero", {{"0000_zero.sql", ""}}},
      {"no number", {{"first.sql", ""}}},
      {"too few digits", {{"001_first.sql", ""}}},
      {"too many digits", {{"00001_first.sql", ""}}},
      {"a sign", {{"-001_first.sql", ""}}},
      {"another ending", {{"0001_first.txt", ""}}},
  };
  for (const NameCase& one : cases) {
    SCOPED_TRACE(one.what);
    EXPECT_EQ(ApplyMigrations("host=/nowhere", one.files).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(CheckMigrations("host=/nowhere", one.files).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST(Migrate, SaysThatTheDatabaseIsUnavailable) {
  const EmbeddedFile files[] = {{"0001_first.sql", "SELECT 1"}};
  EXPECT_EQ(ApplyMigrations("host=/nowhere", files).status().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace turnpike
