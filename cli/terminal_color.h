#pragma once
// Whether to colour what is printed.  Pure.

#include <map>
#include <string>

namespace turnpike {

// CLICOLOR_FORCE says yes and NO_COLOR says no, the latter first; otherwise only on a terminal that is not "dumb".
bool WantsColor(const std::map<std::string, std::string>& environment, bool is_terminal);

}  // namespace turnpike
