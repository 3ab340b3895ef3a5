// Params and Rows: what is bound comes back the same, and the server understands it as what it is.

#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/pg/params.h"
#include "base/pg/rows.h"
#include "tests/base/pg/open_test_connection.h"

namespace turnpike {
namespace {

using namespace std::string_literals;

constexpr int64_t kIntMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kIntMax = std::numeric_limits<int64_t>::max();

Uuid UuidOf(std::string_view text) {
  return Uuid::Parse(text).value();
}

const Uuid kUuid = UuidOf("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
const Uuid kOtherUuid = UuidOf("ffffffff-ffff-4fff-bfff-ffffffffffff");
const std::vector<Timestamp> kTimes{TimestampFromSeconds(0), TimestampFromSeconds(946'684'800),
                                    TimestampFromMicros(-1), TimestampFromMicros(1'795'305'600'123'456),
                                    Timestamp::max(),        Timestamp::min()};

class ParamsPgTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { connection_ = OpenTestConnection(MakeTestDatabase().ConnectionString()); }
  static void TearDownTestSuite() { connection_.reset(); }

  static Rows Ask(const char* sql, const Params& params = {}) {
    Result<Rows> rows = connection_->Execute(sql, params);
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() ? *std::move(rows) : Rows();
  }

  static std::unique_ptr<Connection> connection_;
};
std::unique_ptr<Connection> ParamsPgTest::connection_;

TEST_F(ParamsPgTest, Bool) {
  const Rows rows = Ask("SELECT $1, $2", Params().Bool(true).Bool(false));
  EXPECT_TRUE(rows.Bool(0, 0));
  EXPECT_FALSE(rows.Bool(0, 1));
}

TEST_F(ParamsPgTest, Int) {
  for (const int64_t value : {kIntMin, int64_t{-1}, int64_t{0}, int64_t{258}, kIntMax}) {
    EXPECT_EQ(Ask("SELECT $1", Params().Int(value)).Int(0, 0), value);
    EXPECT_EQ(Ask("SELECT $1::bigint::text", Params().Int(value)).Text(0, 0), std::to_string(value));
  }
}

TEST_F(ParamsPgTest, ReadsIntegersOfEveryWidth) {
  const Rows rows = Ask(R"sql(
      SELECT (-32768)::smallint, (-2147483648)::integer, 4294967295::oid, '4294967290'::xid, '99999999999'::xid8
  )sql");
  EXPECT_EQ(rows.Int(0, 0), -32768);
  EXPECT_EQ(rows.Int(0, 1), -2147483648LL);
  EXPECT_EQ(rows.Int(0, 2), 4294967295LL);
  EXPECT_EQ(rows.Int(0, 3), 4294967290LL);
  EXPECT_EQ(rows.Int(0, 4), 99999999999LL);
}

TEST_F(ParamsPgTest, TextOfEveryKind) {
  const std::string value = "Zürich 'quoted' \\ \"x\" 計算";
  const Rows rows = Ask("SELECT $1, $1::varchar, 'pg_class'::name, 'x'::\"char\", '{}'::json", Params().Text(value));
  EXPECT_EQ(rows.Text(0, 0), value);
  EXPECT_EQ(rows.Text(0, 1), value);
  EXPECT_EQ(rows.Text(0, 2), "pg_class");
  EXPECT_EQ(rows.Text(0, 3), "x");
  EXPECT_EQ(rows.Text(0, 4), "{}");
  EXPECT_EQ(Ask("SELECT $1", Params().Text("")).Text(0, 0), "");
}

TEST_F(ParamsPgTest, ReadsEnumsByName) {
  ASSERT_TRUE(connection_->ExecuteScript("CREATE TYPE colour AS ENUM ('red', 'green')").ok());
  EXPECT_EQ(Ask("SELECT $1::colour", Params().Text("green")).Text(0, 0), "green");
}

TEST_F(ParamsPgTest, RefusesTextThatIsNotUtf8OrHoldsNul) {
  EXPECT_EQ(SqlStateOf(connection_->Execute("SELECT $1", Params().Text("a\xff")).status()), "22021");
  EXPECT_EQ(SqlStateOf(connection_->Execute("SELECT $1", Params().Text("a\0b"s)).status()), "22021");
  EXPECT_FALSE(connection_->broken());
}

TEST_F(ParamsPgTest, BytesOfEveryValue) {
  std::string value;
  for (int byte = 0; byte < 256; ++byte) {
    value.push_back(static_cast<char>(byte));
  }
  const Rows rows = Ask("SELECT $1, length($1)", Params().Bytes(value));
  EXPECT_EQ(rows.Bytes(0, 0), value);
  EXPECT_EQ(rows.Int(0, 1), 256);
}

TEST_F(ParamsPgTest, Ids) {
  const Rows rows = Ask("SELECT $1, $2", Params().Id(kUuid).Id(JobId(kOtherUuid)));
  EXPECT_EQ(rows.UuidAt(0, 0), kUuid);
  EXPECT_EQ(rows.Id<JobId>(0, 1), JobId(kOtherUuid));
  EXPECT_EQ(Ask("SELECT $1::uuid::text", Params().Id(kUuid)).Text(0, 0), kUuid.ToString());
}

TEST_F(ParamsPgTest, Times) {
  for (const Timestamp value : kTimes) {
    EXPECT_EQ(Ask("SELECT $1", Params().Time(value)).Time(0, 0), value);
  }
  const Rows rows = Ask("SELECT ($1 AT TIME ZONE 'UTC')::text, $2::timestamptz::text",
                        Params().Time(kTimes[3]).Time(Timestamp::max()));
  EXPECT_EQ(rows.Text(0, 0), "2026-11-22 00:00:00.123456");
  EXPECT_EQ(rows.Text(0, 1), "infinity");
}

TEST_F(ParamsPgTest, NullOfEveryType) {
  const Rows rows = Ask("SELECT $1, $2, $3, $4, $5, $6, $7", Params()
                                                                 .OptionalBool(std::nullopt)
                                                                 .OptionalInt(std::nullopt)
                                                                 .OptionalText(std::nullopt)
                                                                 .OptionalBytes(std::nullopt)
                                                                 .OptionalId(std::optional<JobId>())
                                                                 .OptionalTime(std::nullopt)
                                                                 .Null(PgType::kIntArray));
  ASSERT_EQ(rows.column_count(), 7);
  for (int column = 0; column < rows.column_count(); ++column) {
    EXPECT_TRUE(rows.IsNull(0, column)) << column;
  }
  EXPECT_EQ(rows.OptionalBool(0, 0), std::nullopt);
  EXPECT_EQ(rows.OptionalInt(0, 1), std::nullopt);
  EXPECT_EQ(rows.OptionalText(0, 2), std::nullopt);
  EXPECT_EQ(rows.OptionalBytes(0, 3), std::nullopt);
  EXPECT_EQ(rows.OptionalUuid(0, 4), std::nullopt);
  EXPECT_EQ(rows.OptionalId<JobId>(0, 4), std::nullopt);
  EXPECT_EQ(rows.OptionalTime(0, 5), std::nullopt);
}

TEST_F(ParamsPgTest, OptionalsThatAreThere) {
  const Rows rows = Ask("SELECT $1, $2, $3, $4, $5, $6", Params()
                                                             .OptionalBool(true)
                                                             .OptionalInt(7)
                                                             .OptionalText("text")
                                                             .OptionalBytes("\0x"s)
                                                             .OptionalId(std::optional(JobId(kUuid)))
                                                             .OptionalTime(kTimes[3]));
  EXPECT_EQ(rows.OptionalBool(0, 0), true);
  EXPECT_EQ(rows.OptionalInt(0, 1), 7);
  EXPECT_EQ(rows.OptionalText(0, 2), "text");
  EXPECT_EQ(rows.OptionalBytes(0, 3), "\0x"s);
  EXPECT_EQ(rows.OptionalId<JobId>(0, 4), JobId(kUuid));
  EXPECT_EQ(rows.OptionalTime(0, 5), kTimes[3]);
}

TEST_F(ParamsPgTest, ArraysComeBack) {
  const std::vector<int64_t> ints{kIntMin, 0, kIntMax};
  const std::vector<std::string> texts{"", "{a,b}", "NULL", "Zürich"};
  const std::vector<Uuid> ids{kUuid, kOtherUuid};
  const Rows rows = Ask("SELECT $1, $2, $3", Params().IntArray(ints).TextArray(texts).IdArray(ids));
  EXPECT_EQ(rows.IntArray(0, 0), ints);
  EXPECT_EQ(rows.TextArray(0, 1), texts);
  EXPECT_EQ(rows.UuidArray(0, 2), ids);
}

TEST_F(ParamsPgTest, UnnestedArraysOfEveryType) {
  const std::vector<std::string> bytes{"", "\0\xff"s};
  const std::vector<std::string_view> views{"one", "two"};
  const std::vector<JobId> ids{JobId(kUuid), JobId(kOtherUuid)};
  const std::vector<Timestamp> times{kTimes[0], kTimes[3]};
  const std::vector<int64_t> ints{5, -6};
  const Rows rows = Ask(R"sql(
      SELECT b, i, t, y, v, u, w
        FROM unnest($1::boolean[], $2::bigint[], $3::text[], $4::bytea[], $5::bytea[], $6::uuid[], $7::timestamptz[])
             WITH ORDINALITY AS made(b, i, t, y, v, u, w, position)
    ORDER BY position
  )sql",
                        Params()
                            .BoolArray({true, false})
                            .IntArray(ints)
                            .TextArray(views)
                            .BytesArray(bytes)
                            .BytesArray(views)
                            .IdArray(ids)
                            .TimeArray(times));
  ASSERT_EQ(rows.size(), 2);
  for (int row = 0; row < rows.size(); ++row) {
    const auto index = static_cast<size_t>(row);
    EXPECT_EQ(rows.Bool(row, 0), row == 0);
    EXPECT_EQ(rows.Int(row, 1), ints[index]);
    EXPECT_EQ(rows.Text(row, 2), views[index]);
    EXPECT_EQ(rows.Bytes(row, 3), bytes[index]);
    EXPECT_EQ(rows.Bytes(row, 4), views[index]);
    EXPECT_EQ(rows.Id<JobId>(row, 5), ids[index]);
    EXPECT_EQ(rows.Time(row, 6), times[index]);
  }
}

TEST_F(ParamsPgTest, ArraysWithNulls) {
  const std::vector<std::optional<bool>> bools{std::nullopt, true};
  const std::vector<std::optional<int64_t>> ints{std::nullopt, 4};
  const std::vector<std::optional<std::string>> texts{std::nullopt, ""};
  const std::vector<std::optional<JobId>> ids{std::nullopt, JobId(kUuid)};
  const std::vector<std::optional<Timestamp>> times{std::nullopt, kTimes[3]};
  const Rows rows = Ask(R"sql(
      SELECT b, i, t, y, u, w
        FROM unnest($1::boolean[], $2::bigint[], $3::text[], $4::bytea[], $5::uuid[], $6::timestamptz[])
             WITH ORDINALITY AS made(b, i, t, y, u, w, position)
    ORDER BY position
  )sql",
                        Params()
                            .OptionalBoolArray(bools)
                            .OptionalIntArray(ints)
                            .OptionalTextArray(texts)
                            .OptionalBytesArray(texts)
                            .OptionalIdArray(ids)
                            .OptionalTimeArray(times));
  ASSERT_EQ(rows.size(), 2);
  for (int column = 0; column < rows.column_count(); ++column) {
    EXPECT_TRUE(rows.IsNull(0, column)) << column;
  }
  EXPECT_TRUE(rows.Bool(1, 0));
  EXPECT_EQ(rows.Int(1, 1), 4);
  EXPECT_EQ(rows.Text(1, 2), "");
  EXPECT_EQ(rows.Bytes(1, 3), "");
  EXPECT_EQ(rows.Id<JobId>(1, 4), JobId(kUuid));
  EXPECT_EQ(rows.Time(1, 5), kTimes[3]);
}

TEST_F(ParamsPgTest, EmptyArraysAreArraysAndNotNull) {
  const Params params = Params()
                            .BoolArray({})
                            .IntArray({})
                            .TextArray(std::vector<std::string>())
                            .BytesArray(std::vector<std::string>())
                            .IdArray(std::vector<JobId>())
                            .TimeArray({});
  const Rows rows = Ask(R"sql(
      SELECT $1::boolean[] = '{}', $2::bigint[] = '{}', $3::text[] = '{}',
             $4::bytea[] = '{}', $5::uuid[] = '{}', $6::timestamptz[] = '{}', $2::bigint[]
  )sql",
                        params);
  for (int column = 0; column < 6; ++column) {
    EXPECT_TRUE(rows.Bool(0, column)) << column;
  }
  EXPECT_TRUE(rows.IntArray(0, 6).empty());
}

TEST_F(ParamsPgTest, AnArrayOfTenThousandIsReadByTheServerAsWritten) {
  std::vector<int64_t> values;
  for (int64_t value = 0; value < 10'000; ++value) {
    values.push_back(value * value);
  }
  const Rows rows =
      Ask("SELECT sum(value)::bigint, count(*) FROM unnest($1::bigint[]) AS value", Params().IntArray(values));
  EXPECT_EQ(rows.Int(0, 0), 333'283'335'000);
  EXPECT_EQ(rows.Int(0, 1), 10'000);
}

TEST_F(ParamsPgTest, CountsTheRowsTouched) {
  ASSERT_TRUE(connection_->ExecuteScript("CREATE TABLE touched (value bigint)").ok());
  const std::vector<int64_t> values{1, 2, 3};
  EXPECT_EQ(Ask("INSERT INTO touched SELECT unnest($1::bigint[])", Params().IntArray(values)).affected(), 3);
  EXPECT_EQ(Ask("DELETE FROM touched WHERE value > $1", Params().Int(1)).affected(), 2);
}

using ParamsPgDeathTest = ParamsPgTest;

TEST_F(ParamsPgDeathTest, ReadingAColumnAsWhatItIsNotEndsTheProcess) {
  const Rows rows = Ask("SELECT 1::bigint, 'x'::text, NULL::bigint, ARRAY[NULL]::bigint[], ARRAY[[1],[2]]::bigint[]");
  EXPECT_DEATH(rows.Bool(0, 0), "CHECK failed");
  EXPECT_DEATH(rows.Text(0, 0), "CHECK failed");
  EXPECT_DEATH(rows.Bytes(0, 1), "CHECK failed");
  EXPECT_DEATH(rows.Int(0, 1), "CHECK failed");
  EXPECT_DEATH(rows.UuidAt(0, 1), "CHECK failed");
  EXPECT_DEATH(rows.Time(0, 0), "CHECK failed");
  EXPECT_DEATH(rows.Int(0, 2), "CHECK failed");
  EXPECT_DEATH(rows.Int(1, 0), "CHECK failed");
  EXPECT_DEATH(rows.Int(0, 5), "CHECK failed");
  EXPECT_DEATH(rows.IntArray(0, 3), "CHECK failed");
  EXPECT_DEATH(rows.IntArray(0, 4), "CHECK failed");
}

}  // namespace
}  // namespace turnpike
