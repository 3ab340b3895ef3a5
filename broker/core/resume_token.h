#pragma once
// Where a watcher was in the event tail, as text that clients give back without looking inside.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace turnpike {

struct ResumeToken {
  int64_t restore_epoch = 0;  // rises when the database is restored to an earlier time
  uint64_t xid = 0;
  int64_t seq = 0;
  friend auto operator<=>(const ResumeToken&, const ResumeToken&) = default;
};

std::string EncodeResumeToken(const ResumeToken& token);
// INVALID_ARGUMENT: not one of ours.
Result<ResumeToken> DecodeResumeToken(std::string_view text);

}  // namespace turnpike
