#include "base/pg/database_clock.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

class StandingClock final : public Clock {
 public:
  Timestamp Now() const override { return TimestampFromSeconds(1'000); }
  MonotonicTime Monotonic() const override { return monotonic; }

  MonotonicTime monotonic{seconds(50)};
};

class DatabaseClockTest : public testing::Test {
 protected:
  // An answer that took `round_trip`, just now.
  void Answer(Timestamp at, std::chrono::microseconds round_trip) {
    clock_.Add({.at = at, .asked = machine_.monotonic - round_trip, .answered = machine_.monotonic});
  }

  StandingClock machine_;
  DatabaseClock clock_{machine_};
};

TEST_F(DatabaseClockTest, IsTheMachinesUntilTheFirstSample) {
  EXPECT_EQ(clock_.Now(), TimestampFromSeconds(1'000));
}

TEST_F(DatabaseClockTest, RunsOnWithTheSteadyClock) {
  Answer(TimestampFromSeconds(7'000), microseconds(0));
  machine_.monotonic += seconds(3);
  EXPECT_EQ(clock_.Now(), TimestampFromSeconds(7'003));
}

TEST_F(DatabaseClockTest, TakesTheSampleForTheMiddleOfTheRoundTrip) {
  Answer(TimestampFromSeconds(7'000), milliseconds(10));
  EXPECT_EQ(clock_.Now(), TimestampFromSeconds(7'000) + milliseconds(5));
}

TEST_F(DatabaseClockTest, KeepsTheMoreExactSample) {
  Answer(TimestampFromSeconds(7'000), microseconds(100));
  Answer(TimestampFromSeconds(7'000), milliseconds(900));
  EXPECT_EQ(clock_.Now(), TimestampFromSeconds(7'000) + microseconds(50));
}

TEST_F(DatabaseClockTest, TakesALessExactSampleOnceTheOldOneHasDrifted) {
  Answer(TimestampFromSeconds(7'000), microseconds(100));
  machine_.monotonic += seconds(1'000);  // worth 200 ms of drift
  Answer(TimestampFromSeconds(8'000) + milliseconds(30), milliseconds(20));
  EXPECT_EQ(clock_.Now(), TimestampFromSeconds(8'000) + milliseconds(40));
}

TEST_F(DatabaseClockTest, FollowsADatabaseWhoseTimeWasSet) {
  Answer(TimestampFromSeconds(7'000), microseconds(100));
  Answer(TimestampFromSeconds(6'000), milliseconds(20));
  EXPECT_EQ(clock_.Now(), TimestampFromSeconds(6'000) + milliseconds(10));
}

}  // namespace
}  // namespace turnpike
