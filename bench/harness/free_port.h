#pragma once
// A TCP port of the loopback interface that nobody listens on.

#include "base/status.h"

namespace turnpike {

// Somebody else may take it before the caller does.
Result<int> FindFreePort();

}  // namespace turnpike
