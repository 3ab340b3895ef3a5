#pragma once
// How much of what jobs write while somebody reads along is kept.  The last 64 KiB of each stream are kept in any case.

#include <cstdint>

namespace turnpike {

constexpr int64_t kFollowedBytesMax = int64_t{64} << 20;  // of one stream of an attempt; then the site stops sending
constexpr int64_t kFollowedBytesOnTheWay = int64_t{4} << 20;  // what may still come then; the rest is dropped
constexpr int64_t kSiteBytesPerHourMax = int64_t{1} << 30;    // of all that a site's jobs write

}  // namespace turnpike
