#include "adapters/core/sample_window.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

TEST(SampleWindow, TellsWhatCanBeAndWhatIsUsual) {
  SampleWindow window(20);
  for (const int64_t sample : {30, 10, 900, 20, 40}) {
    window.Add(sample);
  }
  EXPECT_EQ(window.Smallest(), 10);
  EXPECT_EQ(window.Median(), 30);
  EXPECT_EQ(window.size(), 5U);
}

TEST(SampleWindow, OfAnEvenNumberTheLowerOfTheTwoInTheMiddle) {
  SampleWindow window(20);
  window.Add(4);
  EXPECT_EQ(window.Median(), 4);
  window.Add(2);
  EXPECT_EQ(window.Median(), 2);
}

TEST(SampleWindow, TheOldestMakesRoom) {
  SampleWindow window(3);
  for (const int64_t sample : {1, 7, 8, 9}) {
    window.Add(sample);
  }
  EXPECT_EQ(window.Smallest(), 7);
  EXPECT_EQ(window.Median(), 8);
  window.Clear();
  EXPECT_TRUE(window.empty());
}

}  // namespace
}  // namespace turnpike
