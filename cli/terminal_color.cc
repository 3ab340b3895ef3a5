#include "cli/terminal_color.h"

namespace turnpike {

bool WantsColor(const std::map<std::string, std::string>& environment, bool is_terminal) {
  const auto value_of = [&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  if (!value_of("NO_COLOR").empty()) {
    return false;
  }
  const std::string force = value_of("CLICOLOR_FORCE");
  return (!force.empty() && force != "0") || (is_terminal && value_of("TERM") != "dumb");
}

}  // namespace turnpike
