#include "broker/rpc/convert_time.h"

#include <algorithm>

namespace turnpike {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int32_t kNanosPerMicro = 1'000;
// What the contract's types can mean: the years 1 to 9999, and 10,000 years.
constexpr int64_t kSecondsAtYearOne = -62'135'596'800;
constexpr int64_t kSecondsAtYearEnd = 253'402'300'799;
constexpr int64_t kDurationSecondsMax = 315'576'000'000;

}  // namespace

google::protobuf::Timestamp ToProto(Timestamp at) {
  google::protobuf::Timestamp out;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  out.set_seconds(seconds.time_since_epoch().count());
  out.set_nanos(static_cast<int32_t>((at - seconds).count()) * kNanosPerMicro);
  return out;
}

Timestamp FromProto(const google::protobuf::Timestamp& at) {
  const int64_t seconds = std::clamp(at.seconds(), kSecondsAtYearOne, kSecondsAtYearEnd);
  return TimestampFromMicros(seconds * kMicrosPerSecond + at.nanos() / kNanosPerMicro);
}

google::protobuf::Duration ToProto(Duration duration) {
  google::protobuf::Duration out;
  out.set_seconds(duration.count() / kMicrosPerSecond);
  out.set_nanos(static_cast<int32_t>(duration.count() % kMicrosPerSecond) * kNanosPerMicro);
  return out;
}

Duration FromProto(const google::protobuf::Duration& duration) {
  const int64_t seconds = std::clamp(duration.seconds(), -kDurationSecondsMax, kDurationSecondsMax);
  return Duration(seconds * kMicrosPerSecond + duration.nanos() / kNanosPerMicro);
}

}  // namespace turnpike
