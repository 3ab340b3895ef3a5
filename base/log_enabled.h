#pragma once
// Whether a line would be written, for a caller that would build many fields for nothing.

#include "base/log.h"

namespace turnpike {

bool IsLogged(LogLevel level);

}  // namespace turnpike
