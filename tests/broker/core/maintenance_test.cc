#include "broker/core/maintenance.h"

#include <gtest/gtest.h>

#include <vector>

namespace turnpike {
namespace {

using std::chrono::hours;

constexpr Timestamp kDay = TimestampFromSeconds(1'800'000'000);

MaintenanceWindow Window(int from_hour, int to_hour) {
  return {
      .window_id = {}, .share = {}, .start = kDay + hours(from_hour), .end = kDay + hours(to_hour), .reason = "work"};
}

RunSpan Span(int at_hour, int hours_long) {
  return {.start = kDay + hours(at_hour), .time_limit = hours(hours_long)};
}

TEST(Maintenance, AJobRunsIntoAWindowThatItOverlaps) {
  const std::vector<MaintenanceWindow> windows = {Window(20, 22), Window(10, 12)};
  EXPECT_EQ(WindowInTheWay(windows, Span(0, 10)), nullptr);  // It ends as the window begins.
  EXPECT_EQ(WindowInTheWay(windows, Span(0, 11)), &windows[1]);
  EXPECT_EQ(WindowInTheWay(windows, Span(0, 30)), &windows[1]);
  EXPECT_EQ(WindowInTheWay(windows, Span(11, 1)), &windows[1]);
  EXPECT_EQ(WindowInTheWay(windows, Span(12, 8)), nullptr);  // It begins as the window ends.
  EXPECT_EQ(WindowInTheWay(windows, Span(12, 9)), &windows[0]);
  EXPECT_EQ(WindowInTheWay({}, Span(0, 1)), nullptr);
}

TEST(Maintenance, AJobStartsBehindTheWindowsThatLeaveItNoRoom) {
  const std::vector<MaintenanceWindow> windows = {Window(10, 12), Window(20, 22)};
  EXPECT_EQ(StartAround(windows, Span(0, 5)), kDay);
  EXPECT_EQ(StartAround(windows, Span(6, 5)), kDay + hours(12));
  EXPECT_EQ(StartAround(windows, Span(0, 11)), kDay + hours(22));
}

TEST(Maintenance, SlackIsTheTimeUntilItWouldRunIntoTheNext) {
  const std::vector<MaintenanceWindow> windows = {Window(10, 12), Window(20, 22)};
  EXPECT_EQ(SlackBefore(windows, Span(0, 7)), hours(3));
  EXPECT_EQ(SlackBefore(windows, Span(0, 10)), hours(0));
  EXPECT_EQ(SlackBefore(windows, Span(12, 5)), hours(3));
  EXPECT_EQ(SlackBefore(windows, Span(22, 5)), Duration::max());
}

}  // namespace
}  // namespace turnpike
