#include "broker/core/share_pause.h"

#include <gmock/gmock.h>

#include <vector>

namespace turnpike {
namespace {

using std::chrono::seconds;

constexpr Timestamp kNow = TimestampFromSeconds(1'000'000);

TEST(SharePause, DoublesWithEachRefusalUpToTheLongest) {
  std::optional<PauseStanding> pause;
  std::vector<int64_t> lengths;
  Timestamp now = kNow;
  for (int i = 0; i < 8; ++i) {
    pause = PauseAfterRefusal(pause, "QOSMaxSubmitJobPerUser", now);
    EXPECT_EQ(pause->until, now + pause->length);
    lengths.push_back(pause->length.count());
    now = pause->until + seconds(3);
  }
  EXPECT_THAT(lengths, testing::ElementsAre(15, 30, 60, 120, 240, 480, 900, 900));
  EXPECT_EQ(pause->limit, "QOSMaxSubmitJobPerUser");
}

TEST(SharePause, ARefusalWhileItRunsIsNoNews) {
  const PauseStanding first = PauseAfterRefusal(std::nullopt, "AssocMaxJobsLimit", kNow);
  EXPECT_EQ(PauseAfterRefusal(first, "another", first.until - Duration(1)), first);
  EXPECT_EQ(PauseAfterRefusal(first, "another", first.until).length, seconds(30));
}

TEST(SharePause, BeginsAnewWhenTheLastOneLapsedLongAgo) {
  PauseStanding last{.until = kNow, .length = seconds(240), .limit = "old"};
  EXPECT_EQ(PauseAfterRefusal(last, "new", kNow + kPauseMax).length, seconds(480));
  const PauseStanding anew = PauseAfterRefusal(last, "new", kNow + kPauseMax + Duration(1));
  EXPECT_EQ(anew.length, kPauseMin);
  EXPECT_EQ(anew.limit, "new");
}

TEST(SharePause, ASuccessEndsItOnlyOnceItIsOver) {
  const PauseStanding pause{.until = kNow, .length = seconds(15), .limit = "x"};
  EXPECT_FALSE(EndsWithSuccess(pause, kNow - Duration(1)));
  EXPECT_TRUE(EndsWithSuccess(pause, kNow));
}

}  // namespace
}  // namespace turnpike
