#pragma once
// How a script wants to be run, read from its first line as the kernel reads it: an interpreter, and at most one
// argument.

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace turnpike {

// {"/bin/bash"} or {"/usr/bin/env", "python3"}.  INVALID_ARGUMENT without "#!" and an absolute path, or with a carriage
// return.
Result<std::vector<std::string>> InterpreterOf(std::string_view script);

}  // namespace turnpike
