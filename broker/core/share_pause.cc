#include "broker/core/share_pause.h"

#include <algorithm>
#include <utility>

namespace turnpike {

PauseStanding PauseAfterRefusal(const std::optional<PauseStanding>& last, std::string limit, Timestamp now) {
  if (last && now < last->until) {
    return *last;
  }
  const bool again = last && now - last->until <= kPauseMax;
  const std::chrono::seconds length = again ? std::clamp(last->length * 2, kPauseMin, kPauseMax) : kPauseMin;
  return {.until = now + length, .length = length, .limit = std::move(limit)};
}

bool EndsWithSuccess(const PauseStanding& pause, Timestamp now) {
  return pause.until <= now;
}

}  // namespace turnpike
