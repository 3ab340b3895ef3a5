#include "bench/harness/statistics.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

TEST(Statistics, MedianIsTheMiddleOrTheMeanOfTheTwoInTheMiddle) {
  EXPECT_EQ(Median({}), 0);
  EXPECT_EQ(Median({7}), 7);
  EXPECT_EQ(Median({9, 1, 5}), 5);
  EXPECT_EQ(Median({9, 1, 5, 6}), 5.5);
}

TEST(Statistics, PercentileIsTheSmallestValueThatSoManyDoNotExceed) {
  const std::vector<double> values = {10, 40, 20, 30};
  EXPECT_EQ(Percentile({}, 99), 0);
  EXPECT_EQ(Percentile(values, 0), 10);
  EXPECT_EQ(Percentile(values, 50), 20);
  EXPECT_EQ(Percentile(values, 51), 30);
  EXPECT_EQ(Percentile(values, 99), 40);
  EXPECT_EQ(Percentile(values, 100), 40);
}

// One slow second of the machine moves both sides of its round: the ratio of the medians would tell of another machine.
TEST(Statistics, TheRatioIsTheMedianOfTheRoundsRatios) {
  const Standing standing = Judge({{10, 20}, {100, 100}, {30, 50}}, 0.6, Better::kHigher);
  EXPECT_EQ(standing.measured, 30);
  EXPECT_EQ(standing.reference, 50);
  EXPECT_EQ(standing.ratio, 0.6);
  EXPECT_EQ(standing.worst, 0.5);
  EXPECT_TRUE(standing.reached);
}

TEST(Statistics, AGoalForLessIsMissedAboveIt) {
  const Standing standing = Judge({{40, 10}, {30, 10}, {50, 10}}, 3.9, Better::kLower);
  EXPECT_EQ(standing.ratio, 4);
  EXPECT_EQ(standing.worst, 5);
  EXPECT_FALSE(standing.reached);
}

TEST(Statistics, NothingMeasuredReachesNoGoal) {
  EXPECT_FALSE(Judge({}, 4, Better::kLower).reached);
  EXPECT_FALSE(Judge({}, 0, Better::kHigher).reached);
}

// A reference that did nothing is no reference.
TEST(Statistics, AReferenceOfZeroReachesNoGoal) {
  EXPECT_FALSE(Judge({{5, 0}}, 0.5, Better::kHigher).reached);
}

}  // namespace
}  // namespace turnpike
