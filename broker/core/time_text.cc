#include "broker/core/time_text.h"

#include <fmt/format.h>

namespace turnpike {

std::string TimeText(std::chrono::seconds time) {
  const int64_t seconds = time.count();
  return fmt::format("{}:{:02}:{:02}", seconds / 3'600, seconds / 60 % 60, seconds % 60);
}

}  // namespace turnpike
