#pragma once
// A token in a file of its own, which nobody else may read.

#include <string>

#include "base/status.h"

namespace turnpike {

// One line.  FAILED_PRECONDITION when others than its owner may read the file, or it belongs to somebody else.
Result<std::string> ReadTokenFile(const std::string& path);

}  // namespace turnpike
