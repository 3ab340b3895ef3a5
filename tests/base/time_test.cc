#include "base/time.h"

#include <gtest/gtest.h>

#include "base/system_clock.h"

namespace turnpike {
namespace {

TEST(FormatTimestamp, WritesRfc3339WithMicroseconds) {
  struct Case {
    int64_t micros;
    const char* text;
  };
  constexpr Case kCases[] = {
      {0, "1970-01-01T00:00:00.000000Z"},
      {1, "1970-01-01T00:00:00.000001Z"},
      {-1, "1969-12-31T23:59:59.999999Z"},
      {1'795'306'282'123'456, "2026-11-22T00:11:22.123456Z"},
      {951'782'400'000'000, "2000-02-29T00:00:00.000000Z"},
      {4'107'542'399'999'999, "2100-02-28T23:59:59.999999Z"},
      {4'107'542'400'000'000, "2100-03-01T00:00:00.000000Z"},
      {-62'135'596'800'000'000, "0001-01-01T00:00:00.000000Z"},
      {253'402'300'799'999'999, "9999-12-31T23:59:59.999999Z"},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(FormatTimestamp(TimestampFromMicros(c.micros)), c.text);
  }
}

TEST(Timestamp, KeepsMicrosecondsThroughTheRoundTrip) {
  for (const int64_t micros : {int64_t{0}, int64_t{-1}, int64_t{1'795'306'282'123'456}}) {
    EXPECT_EQ(MicrosOf(TimestampFromMicros(micros)), micros);
  }
  EXPECT_EQ(MicrosOf(TimestampFromSeconds(-3)), -3'000'000);
}

TEST(SystemClock, MonotonicTimeDoesNotGoBack) {
  const SystemClock clock;
  const MonotonicTime before = clock.Monotonic();
  EXPECT_LE(before, clock.Monotonic());
}

TEST(SystemClock, KnowsThatItIsAfterTheProjectBegan) {
  EXPECT_GT(SystemClock().Now(), TimestampFromSeconds(1'700'000'000));
}

}  // namespace
}  // namespace turnpike
