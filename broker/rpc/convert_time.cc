#include "broker/rpc/convert_time.h"

namespace turnpike {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int32_t kNanosPerMicro = 1'000;

}  // namespace

google::protobuf::Timestamp ToProto(Timestamp at) {
  google::protobuf::Timestamp out;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  out.set_seconds(seconds.time_since_epoch().count());
  out.set_nanos(static_cast<int32_t>((at - seconds).count()) * kNanosPerMicro);
  return out;
}

Timestamp FromProto(const google::protobuf::Timestamp& at) {
  return TimestampFromMicros(at.seconds() * kMicrosPerSecond + at.nanos() / kNanosPerMicro);
}

google::protobuf::Duration ToProto(Duration duration) {
  google::protobuf::Duration out;
  out.set_seconds(duration.count() / kMicrosPerSecond);
  out.set_nanos(static_cast<int32_t>(duration.count() % kMicrosPerSecond) * kNanosPerMicro);
  return out;
}

Duration FromProto(const google::protobuf::Duration& duration) {
  return Duration(duration.seconds() * kMicrosPerSecond + duration.nanos() / kNanosPerMicro);
}

}  // namespace turnpike
