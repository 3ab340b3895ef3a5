#include "broker/core/time_text.h"

#include <fmt/format.h>

namespace turnpike {

std::string TimeText(std::chrono::seconds time) {
  const int64_t seconds = time.count();
  return fmt::format("{}:{:02}:{:02}", seconds / 3'600, seconds / 60 % 60, seconds % 60);
}

std::string RoundTripText(std::chrono::microseconds time) {
  const double milliseconds = static_cast<double>(time.count()) / 1'000;
  return milliseconds < 1     ? fmt::format("{:.3g} ms", milliseconds)
         : milliseconds < 100 ? fmt::format("{:.1f} ms", milliseconds)
                              : fmt::format("{:.0f} ms", milliseconds);
}

}  // namespace turnpike
