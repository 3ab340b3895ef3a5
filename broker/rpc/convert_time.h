#pragma once
// Moments and durations between the contract and the core.

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <optional>

#include "base/time.h"

namespace turnpike {

google::protobuf::Timestamp ToProto(Timestamp at);
// Whole microseconds; what is finer is cut off, and what lies outside of the contract's range is its nearest end.
Timestamp FromProto(const google::protobuf::Timestamp& at);
google::protobuf::Duration ToProto(Duration duration);
Duration FromProto(const google::protobuf::Duration& duration);

}  // namespace turnpike
