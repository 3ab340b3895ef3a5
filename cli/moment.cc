#include "cli/moment.h"

#include <google/protobuf/util/time_util.h>

#include "cli/slurm_values.h"

namespace turnpike {
namespace {

constexpr size_t kDateLength = 10;

int64_t UnitSeconds(char unit) {
  return unit == 'd' ? 86'400 : unit == 'h' ? 3'600 : unit == 'm' ? 60 : 0;
}

}  // namespace

Result<google::protobuf::Timestamp> ParseMomentAhead(const std::string& text, Timestamp now) {
  if (!text.starts_with('+')) {
    return ParseFixedMoment(text);
  }
  const int64_t unit = UnitSeconds(text.back());
  if (unit == 0 || text.size() < 3) {
    return InvalidArgument("'{}' is no moment; write +90m, +12h or +2d", text);
  }
  ASSIGN_OR_RETURN(const int64_t count,
                   ParseCount(std::string_view(text).substr(1, text.size() - 2), {.least = 1, .most = 100'000}));
  google::protobuf::Timestamp moment;
  moment.set_seconds(MicrosOf(now) / 1'000'000 + count * unit);
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
