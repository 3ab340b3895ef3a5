#pragma once
// Moments, as people write them on a command line.

#include <google/protobuf/timestamp.pb.h>

#include <string>

#include "base/status.h"
#include "base/time.h"

namespace turnpike {

// "+90m", "+12h", "+2d" from now; "2026-11-25", its first moment in UTC; RFC 3339, which names its zone.
Result<google::protobuf::Timestamp> ParseMomentAhead(const std::string& text, Timestamp now);
// "90m", "12h", "7d" before now, a date or RFC 3339.
Result<google::protobuf::Timestamp> ParseMomentPast(const std::string& text, Timestamp now);
// The same without what counts from now: a script says the same whenever it is read.
Result<google::protobuf::Timestamp> ParseFixedMoment(const std::string& text);

}  // namespace turnpike
