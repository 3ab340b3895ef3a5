#include "base/end_cause.h"

#include <array>
#include <cstddef>

namespace turnpike {
namespace {

// In the order of the enums.
constexpr std::array<std::string_view, 10> kEndCauseNames = {
    "",          "PROGRAM_ENDED",     "TIME_LIMIT",        "OUT_OF_MEMORY",    "SITE_INTERRUPTED",
    "PREEMPTED", "CANCELLED_BY_USER", "CANCELLED_BY_SITE", "REFUSED_BY_SITES", "UNKNOWN"};
constexpr std::array<std::string_view, 6> kFaultClassNames = {"", "USER", "SITE", "BROKER", "DATA", "POLICY"};

template <class Enum, size_t kSize>
std::optional<Enum> Parse(const std::array<std::string_view, kSize>& names, std::string_view name) {
  for (size_t i = 0; i < kSize; ++i) {
    if (names[i] == name) {
      return static_cast<Enum>(i);
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view EndCauseName(EndCause cause) {
  return kEndCauseNames.at(static_cast<size_t>(cause));
}

std::optional<EndCause> ParseEndCause(std::string_view name) {
  return Parse<EndCause>(kEndCauseNames, name);
}

std::string_view FaultClassName(FaultClass fault) {
  return kFaultClassNames.at(static_cast<size_t>(fault));
}

std::optional<FaultClass> ParseFaultClass(std::string_view name) {
  return Parse<FaultClass>(kFaultClassNames, name);
}

}  // namespace turnpike
