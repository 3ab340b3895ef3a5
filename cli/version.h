#pragma once
// Which Turnpike this is.

#include <string>

namespace turnpike {

// "turnpike 0.1.0\n".
std::string VersionText();

}  // namespace turnpike
