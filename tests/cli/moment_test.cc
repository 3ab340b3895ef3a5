#include "cli/moment.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

const Timestamp kNow = TimestampFromSeconds(1'800'000'000);

TEST(ParseMomentPast, TakesSpansDatesAndMoments) {
  EXPECT_EQ(ParseMomentPast("7d", kNow)->seconds(), 1'800'000'000 - 604'800);
  EXPECT_EQ(ParseMomentPast("90m", kNow)->seconds(), 1'800'000'000 - 5400);
  EXPECT_EQ(ParseMomentPast("2026-11-01", kNow)->seconds(), 1'793'491'200);
  EXPECT_EQ(ParseMomentPast("2026-11-01T01:00:00+01:00", kNow)->seconds(), 1'793'491'200);
  for (const std::string text : {"", "d", "-1d", "+1d", "yesterday", "2026-13-01", "7w"}) {
    EXPECT_FALSE(ParseMomentPast(text, kNow).ok()) << text;
  }
}

TEST(ParseMomentAhead, TakesSpansDatesAndMoments) {
  EXPECT_EQ(ParseMomentAhead("+2d", kNow)->seconds(), 1'800'000'000 + 172'800);
  EXPECT_EQ(ParseMomentAhead("+90m", kNow)->seconds(), 1'800'000'000 + 5400);
  EXPECT_EQ(ParseMomentAhead("2026-11-01", kNow)->seconds(), 1'793'491'200);
  for (const std::string text : {"", "+", "+d", "2d", "+0h", "+-1d", "+100001d", "+7w", "tomorrow"}) {
    EXPECT_FALSE(ParseMomentAhead(text, kNow).ok()) << text;
  }
}

}  // namespace
}  // namespace turnpike
