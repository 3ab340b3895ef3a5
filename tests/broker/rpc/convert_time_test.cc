#include "broker/rpc/convert_time.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

google::protobuf::Timestamp At(int64_t seconds, int32_t nanos) {
  google::protobuf::Timestamp at;
  at.set_seconds(seconds);
  at.set_nanos(nanos);
  return at;
}

TEST(ConvertTime, MomentsComeBackAsTheyWent) {
  for (const int64_t micros : {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{1'700'000'000'123'456}}) {
    const Timestamp at = TimestampFromMicros(micros);
    EXPECT_EQ(FromProto(ToProto(at)), at);
    EXPECT_GE(ToProto(at).nanos(), 0);
  }
}

TEST(ConvertTime, DurationsComeBackAsTheyWent) {
  for (const int64_t micros : {int64_t{0}, int64_t{1'500'000}, int64_t{-1'500'000}}) {
    EXPECT_EQ(FromProto(ToProto(Duration(micros))), Duration(micros));
  }
}

TEST(ConvertTime, WhatLiesOutsideOfTheContractIsItsNearestEnd) {
  EXPECT_EQ(FormatTimestamp(FromProto(At(INT64_MAX, 0))), "9999-12-31T23:59:59.000000Z");
  EXPECT_EQ(FormatTimestamp(FromProto(At(INT64_MIN, 0))), "0001-01-01T00:00:00.000000Z");
  google::protobuf::Duration duration;
  duration.set_seconds(INT64_MAX);
  EXPECT_EQ(FromProto(duration), std::chrono::seconds(315'576'000'000));
}

}  // namespace
}  // namespace turnpike
