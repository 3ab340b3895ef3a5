#include "cli/moment.h"

#include <google/protobuf/util/time_util.h>

#include "cli/slurm_values.h"

namespace turnpike {
namespace {

constexpr size_t kDateLength = 10;

// "90m", "12h", "2d".
Result<int64_t> ParseSpanSeconds(std::string_view text) {
  const char unit = text.empty() ? '\0' : text.back();
  const int64_t unit_seconds = unit == 'd' ? 86'400 : unit == 'h' ? 3'600 : unit == 'm' ? 60 : 0;
  if (unit_seconds == 0) {
    return InvalidArgument("'{}' is no span of time", text);
  }
  ASSIGN_OR_RETURN(const int64_t count, ParseCount(text.substr(0, text.size() - 1), {.least = 1, .most = 100'000}));
  return count * unit_seconds;
}

google::protobuf::Timestamp SecondsAfter(Timestamp now, int64_t seconds) {
  google::protobuf::Timestamp moment;
  moment.set_seconds(MicrosOf(now) / 1'000'000 + seconds);
  return moment;
}

}  // namespace

Result<google::protobuf::Timestamp> ParseMomentAhead(const std::string& text, Timestamp now) {
  if (!text.starts_with('+')) {
    return ParseFixedMoment(text);
  }
  const Result<int64_t> seconds = ParseSpanSeconds(std::string_view(text).substr(1));
  if (!seconds.ok()) {
    return InvalidArgument("'{}' is no moment; write +90m, +12h or +2d", text);
  }
  return SecondsAfter(now, *seconds);
}

Result<google::protobuf::Timestamp> ParseMomentPast(const std::string& text, Timestamp now) {
  if (const Result<int64_t> seconds = ParseSpanSeconds(text); seconds.ok()) {
    return SecondsAfter(now, -*seconds);
  }
  Result<google::protobuf::Timestamp> moment = ParseFixedMoment(text);
  if (!moment.ok()) {
    return InvalidArgument("'{}' is no moment; write 7d, 12h, 2026-11-01 or 2026-11-01T08:30:00Z", text);
  }
  return moment;
}

Result<google::protobuf::Timestamp> ParseFixedMoment(const std::string& text) {
  google::protobuf::Timestamp moment;
  const std::string full = text.size() == kDateLength ? text + "T00:00:00Z" : text;
  if (!google::protobuf::util::TimeUtil::FromString(full, &moment)) {
    return InvalidArgument("'{}' is no moment; write 2026-11-25 or, with its zone, 2026-11-25T08:30:00Z", text);
  }
  return moment;
}

}  // namespace turnpike
