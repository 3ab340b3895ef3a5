#include "broker/core/token_bucket.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

using std::chrono::milliseconds;

class TokenBucketTest : public testing::Test {
 protected:
  void Pass(milliseconds time) { now_ += time; }

  MonotonicTime now_ = MonotonicTime(std::chrono::hours(1));
  TokenBucket bucket_{{.per_second = 10, .burst = 3}};
};

TEST_F(TokenBucketTest, GivesItsBurstAtOnceAndThenSaysHowLongToWait) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(bucket_.TryTake(now_), std::nullopt) << i;
  }
  EXPECT_EQ(bucket_.TryTake(now_), milliseconds(100));
  EXPECT_EQ(bucket_.TryTake(now_), milliseconds(100));  // A refusal takes nothing.
}

// Two threads may read the clock in one order and come in the other.
TEST_F(TokenBucketTest, WithoutALimitAnOlderTimeIsNotRefusedEither) {
  TokenBucket unlimited({.per_second = 0, .burst = 1});
  unlimited.Charge(100, now_);
  EXPECT_EQ(unlimited.TryTake(now_ - std::chrono::nanoseconds(1)), std::nullopt);
}

TEST_F(TokenBucketTest, IsRightAboutTheWait) {
  while (!bucket_.TryTake(now_)) {
  }
  Pass(milliseconds(99));
  EXPECT_EQ(bucket_.TryTake(now_), milliseconds(1));
  Pass(milliseconds(1));
  EXPECT_EQ(bucket_.TryTake(now_), std::nullopt);
}

TEST_F(TokenBucketTest, NeverHoldsMoreThanItsBurst) {
  Pass(std::chrono::hours(1));
  int taken = 0;
  while (!bucket_.TryTake(now_)) {
    ++taken;
  }
  EXPECT_EQ(taken, 3);
}

TEST_F(TokenBucketTest, LetsADebtBePaidOffBeforeItGivesAgain) {
  bucket_.Charge(23, now_);  // 20 below nothing
  EXPECT_EQ(bucket_.Wait(now_), milliseconds(2'100));
  Pass(milliseconds(2'000));
  EXPECT_EQ(bucket_.Wait(now_), milliseconds(100));
  Pass(milliseconds(100));
  EXPECT_EQ(bucket_.Wait(now_), std::nullopt);
  EXPECT_EQ(bucket_.TryTake(now_), std::nullopt);
}

TEST_F(TokenBucketTest, LookingTakesNothing) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(bucket_.Wait(now_), std::nullopt);
  }
}

TEST_F(TokenBucketTest, KnowsWhenItIsAsGoodAsNew) {
  EXPECT_TRUE(bucket_.IsFull(now_));
  EXPECT_EQ(bucket_.TryTake(now_), std::nullopt);
  EXPECT_FALSE(bucket_.IsFull(now_));
  Pass(milliseconds(100));
  EXPECT_TRUE(bucket_.IsFull(now_));
}

TEST_F(TokenBucketTest, IsNotConfusedByAClockThatStandsOrGoesBack) {
  while (!bucket_.TryTake(now_)) {
  }
  EXPECT_EQ(bucket_.TryTake(now_ - milliseconds(50)), milliseconds(150));
  EXPECT_EQ(bucket_.TryTake(now_), milliseconds(100));
}

TEST_F(TokenBucketTest, IsNeverFoundFullTooLateForItsOwnWord) {
  TokenBucket odd({.per_second = 3, .burst = 7});
  for (int i = 0; i < 1'000; ++i) {
    if (const auto wait = odd.TryTake(now_)) {
      Pass(*wait);
      ASSERT_EQ(odd.TryTake(now_), std::nullopt) << i;
    }
  }
}

TEST(TokenBucket, WithoutARateHasNoLimit) {
  const MonotonicTime now{};
  TokenBucket bucket({.per_second = 0, .burst = 1});
  bucket.Charge(1'000'000'000, now);
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_EQ(bucket.TryTake(now), std::nullopt);
  }
}

}  // namespace
}  // namespace turnpike
