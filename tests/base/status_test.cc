#include "base/status.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/errno_status.h"

namespace turnpike {
namespace {

Result<std::unique_ptr<int>> Half(int number) {
  if (number % 2 != 0) {
    return InvalidArgument("{} is odd", number);
  }
  return std::make_unique<int>(number / 2);
}

Result<int> Quarter(int number) {
  ASSIGN_OR_RETURN(const std::unique_ptr<int> half, Half(number));
  ASSIGN_OR_RETURN(const std::unique_ptr<int> quarter, Half(*half));
  return *quarter;
}

Status CheckEven(int number) {
  RETURN_IF_ERROR(Half(number).status());
  return OkStatus();
}

TEST(Status, MakersSetCodeAndFormattedMessage) {
  const Status status = NotFound("site {} is not registered", "hpc-7");
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_EQ(MessageOf(status), "site hpc-7 is not registered");
}

TEST(Status, MacrosPassTheFirstErrorUpUnchanged) {
  EXPECT_EQ(*Quarter(12), 3);
  EXPECT_EQ(Quarter(5).status(), InvalidArgument("5 is odd"));
  EXPECT_EQ(Quarter(6).status(), InvalidArgument("3 is odd"));
  EXPECT_TRUE(CheckEven(2).ok());
  EXPECT_EQ(CheckEven(3), InvalidArgument("3 is odd"));
}

TEST(ErrnoStatus, NamesWhatWasTriedAndWhy) {
  const Status status = ErrnoStatus(ENOENT, "cannot open {}", "/etc/x");
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_EQ(MessageOf(status), "cannot open /etc/x: No such file or directory");
}

}  // namespace
}  // namespace turnpike
