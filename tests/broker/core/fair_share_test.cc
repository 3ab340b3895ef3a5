#include "broker/core/fair_share.h"

#include <gmock/gmock.h>

#include <vector>

namespace turnpike {
namespace {

int64_t Decayed(std::vector<DayCharge> charges, int64_t today, int64_t half_life = 7) {
  return DecayedMicros(charges, today, half_life);
}

TEST(FairShare, HalfOfAChargeIsLeftAfterEachHalfLife) {
  EXPECT_EQ(Decayed({{100, 1'024'000}}, 100), 1'024'000);
  EXPECT_EQ(Decayed({{100, 1'024'000}}, 107), 512'000);
  EXPECT_EQ(Decayed({{100, 1'024'000}}, 114), 256'000);
  EXPECT_EQ(Decayed({{100, 1'024'000}}, 169), 1'024'000 * 8 / 14 / 512);
  EXPECT_EQ(Decayed({{100, 1'024'000}}, 170), 0);
  EXPECT_EQ(Decayed({{100, 1'024'000}}, 101, 1), 512'000);
  EXPECT_EQ(Decayed({{100, 1'024'000}}, 101, 0), 512'000);
}

TEST(FairShare, AChargeFadesADayAtATime) {
  int64_t before = INT64_MAX;
  for (int64_t day = 0; day <= 70; ++day) {
    const int64_t left = Decayed({{0, 1'000'000'000}}, day);
    EXPECT_LT(left, before) << "day " << day;
    before = left;
  }
}

TEST(FairShare, ChargesAddUpAndRefundsTakeAway) {
  EXPECT_EQ(Decayed({{100, 500}, {107, 40}}, 107), 290);
  EXPECT_EQ(Decayed({{100, 500}, {100, -100}}, 100), 400);
  EXPECT_EQ(Decayed({{93, 100}, {100, -500}}, 100), 0);
  EXPECT_EQ(Decayed({{101, 100}}, 100), 100);  // A clock that is ahead.
  EXPECT_EQ(Decayed({}, 100), 0);
}

TEST(FairShare, NoSumOfChargesWrapsRound) {
  const std::vector<DayCharge> charges(100, {100, INT64_MAX});
  EXPECT_EQ(DecayedMicros(charges, 100, 7), INT64_MAX / 4);
  EXPECT_EQ(DecayedMicros(charges, 100, 3'650), INT64_MAX / 4);
  EXPECT_GT(TurnCost(INT64_MAX), 0);
}

TEST(FairShare, DaysAreCountedInUtc) {
  EXPECT_EQ(DayOf(TimestampFromSeconds(0)), 0);
  EXPECT_EQ(DayOf(TimestampFromSeconds(86'399)), 0);
  EXPECT_EQ(DayOf(TimestampFromSeconds(86'400)), 1);
  EXPECT_EQ(DayOf(TimestampFromSeconds(-1)), -1);
}

}  // namespace
}  // namespace turnpike
