// Request keys that are too old leave in pieces, against a real PostgreSQL.

#include <gmock/gmock.h>

#include "tests/broker/pg/job_life_fixture.h"

namespace turnpike {
namespace {

using OldRequestKeys = JobLifeTest;

TEST_F(OldRequestKeys, LeaveAPieceOfTheTableACallAndNoneIsForgotten) {
  const int64_t kept = database_.CountAsSuperuser("SELECT count(*) FROM request_key");
  ASSERT_GT(kept, 0);
  database_.AsSuperuser("ALTER TABLE request_key_default SET (fillfactor = 10)");  // A large table of few rows.
  database_.AsSuperuser(
      "INSERT INTO request_key (project_id, method, key, request_hash) "
      "SELECT '00000000-0000-0000-0000-000000000000', 'Old', "
      "overlay(uuid_at(now() - interval '40 days' + i * interval '1 ms')::text PLACING '7' FROM 15)::uuid, "
      "sha256('x') FROM generate_series(1, 50000) AS i");
  int pieces = 0;
  int64_t left = 50'000;
  for (int64_t from = 0; pieces == 0 || from > 0; ++pieces) {
    const Result<int64_t> next = placement_.DropOldRows(from);
    ASSERT_TRUE(next.ok()) << next.status();
    const int64_t now_left = database_.CountAsSuperuser("SELECT count(*) FROM request_key WHERE method = 'Old'");
    EXPECT_LT(now_left, left);
    left = now_left;
    from = *next;
  }
  EXPECT_GT(pieces, 1);
  EXPECT_EQ(left, 0);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM request_key"), kept);
}

}  // namespace
}  // namespace turnpike
