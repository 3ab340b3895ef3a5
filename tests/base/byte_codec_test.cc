#include "base/byte_codec.h"

#include <gtest/gtest.h>

#include <limits>

namespace turnpike {
namespace {

TEST(ByteCodec, ReadsBackWhatItWrote) {
  ByteWriter out;
  out.Int(0).Int(-1).Int(std::numeric_limits<int64_t>::min()).Int(std::numeric_limits<int64_t>::max()).Bool(true);
  out.Text(std::string("a\0b", 3)).Time(TimestampFromMicros(-5)).OptionalInt(std::nullopt).OptionalInt(7);
  out.OptionalTime(TimestampFromMicros(9)).AnyId(JobId(Uuid{{1, 2, 3}})).OptionalId<JobIdTag>(std::nullopt);
  const std::string bytes = out.Take();
  ByteReader in(bytes);
  EXPECT_EQ(in.Int(), 0);
  EXPECT_EQ(in.Int(), -1);
  EXPECT_EQ(in.Int(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(in.Int(), std::numeric_limits<int64_t>::max());
  EXPECT_TRUE(in.Bool());
  EXPECT_EQ(in.Text(), std::string("a\0b", 3));
  EXPECT_EQ(in.Time(), TimestampFromMicros(-5));
  EXPECT_EQ(in.OptionalInt(), std::nullopt);
  EXPECT_EQ(in.OptionalInt(), 7);
  EXPECT_EQ(in.OptionalTime(), TimestampFromMicros(9));
  EXPECT_EQ(in.IdOf<JobId>(), JobId(Uuid{{1, 2, 3}}));
  EXPECT_EQ(in.OptionalId<JobId>(), std::nullopt);
  EXPECT_TRUE(in.finished());
}

TEST(ByteCodec, DamageIsSeenAndNothingIsReadPastTheEnd) {
  for (const std::string& bytes : {std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11),
                                   std::string("\x64"
                                               "abc"),
                                   std::string("\x01")}) {
    ByteReader in(bytes);
    EXPECT_EQ(in.Text(), "");
    EXPECT_FALSE(in.ok());
    EXPECT_EQ(in.Int(), 0);
    EXPECT_TRUE(in.Raw().is_nil());
  }
}

}  // namespace
}  // namespace turnpike
