#include "broker/rpc/page_size.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <climits>

#include "tests/broker/rpc/violation_paths.h"

namespace turnpike {
namespace {

TEST(PageSize, IsWhatWasAskedForWithinTheLimits) {
  const struct {
    int requested;
    size_t rows;
  } cases[] = {{0, 50}, {1, 1}, {50, 50}, {999, 999}, {1'000, 1'000}, {1'001, 1'000}, {INT_MAX, 1'000}};
  for (const auto& [requested, rows] : cases) {
    EXPECT_EQ(PageSizeOf(requested).value(), rows) << requested;
  }
}

TEST(PageSize, BelowZeroIsRefusedByName) {
  for (const int requested : {-1, INT_MIN}) {
    const Status status = PageSizeOf(requested).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(PathsOf(status), testing::ElementsAre("page_size"));
  }
}

}  // namespace
}  // namespace turnpike
