#include "broker/core/share_breaker.h"

#include <gtest/gtest.h>

#include "base/time.h"

namespace turnpike {
namespace {

using std::chrono::seconds;

constexpr Timestamp kStart = TimestampFromSeconds(1'800'000'000);

BreakerStanding Fail(int times, Timestamp at) {
  std::optional<BreakerStanding> standing;
  for (int i = 0; i < times; ++i) {
    standing = AfterFailure(standing, "node n1 failed", at);
  }
  return *standing;
}

TEST(ShareBreaker, OpensWithTheFifthFailureInARow) {
  EXPECT_EQ(StateOf(std::nullopt, kStart), BreakerState::kClosed);
  const BreakerStanding four = Fail(4, kStart);
  EXPECT_EQ(four.failures, 4);
  EXPECT_EQ(StateOf(four, kStart), BreakerState::kClosed);
  const BreakerStanding five = Fail(5, kStart);
  EXPECT_EQ(StateOf(five, kStart), BreakerState::kOpen);
  EXPECT_EQ(five.open_until, kStart + kBreakerMin);
  EXPECT_EQ(five.last_failure, "node n1 failed");
  EXPECT_EQ(StateOf(five, kStart + kBreakerMin - seconds(1)), BreakerState::kOpen);
  EXPECT_EQ(StateOf(five, kStart + kBreakerMin), BreakerState::kHalfOpen);
}

TEST(ShareBreaker, FailuresOfWhatWasThereAlreadyDoNotMakeItLonger) {
  const BreakerStanding open = Fail(5, kStart);
  const BreakerStanding more = AfterFailure(open, "node n2 failed", kStart + seconds(30));
  EXPECT_EQ(more.failures, 6);
  EXPECT_EQ(more.open_until, open.open_until);
  EXPECT_EQ(more.last_failure, "node n2 failed");
  EXPECT_EQ(more.failed_at, kStart + seconds(30));
}

TEST(ShareBreaker, AFailureUnderTrialOpensItForTwiceAsLongUpToAnHour) {
  BreakerStanding standing = Fail(5, kStart);
  for (const seconds expected :
       {seconds(120), seconds(240), seconds(480), seconds(960), seconds(1'920), seconds(3'600), seconds(3'600)}) {
    const Timestamp trial = *standing.open_until + seconds(5);
    standing = AfterFailure(standing, "again", trial);
    EXPECT_EQ(standing.open_until, trial + expected);
  }
}

TEST(ShareBreaker, LongWordsOfASiteAreCutBetweenCharacters) {
  std::string text = "x";
  for (int i = 0; i < 300; ++i) {
    text += "\u00e9";
  }
  const BreakerStanding standing = AfterFailure({}, text, kStart);
  EXPECT_EQ(standing.last_failure.size(), kFailureTextMax - 1);
  EXPECT_TRUE(text.starts_with(standing.last_failure));
  EXPECT_TRUE(standing.last_failure.ends_with("\u00e9"));
}

TEST(ShareBreaker, OneJobAtATimeIsUnderTrial) {
  const BreakerStanding standing = Fail(5, kStart);
  const Timestamp trial = *standing.open_until;
  const Timestamp start = trial + seconds(3);
  EXPECT_FALSE(IsOnTrial({}, standing, trial));
  EXPECT_TRUE(IsOnTrial({.unstarted = 1, .last_start = {}}, standing, trial));
  EXPECT_TRUE(IsOnTrial({.unstarted = 0, .last_start = start}, standing, start + seconds(1)));
  EXPECT_FALSE(IsOnTrial({.unstarted = 0, .last_start = start}, standing, start + kBreakerTrial));
  // What ran before the failures is no trial.
  EXPECT_FALSE(IsOnTrial({.unstarted = 0, .last_start = kStart - seconds(60)}, standing, trial));
}

}  // namespace
}  // namespace turnpike
