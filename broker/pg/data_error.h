#pragma once
// Which failures of a transaction come from one of the things it was given: the others go through without it.

#include "base/status.h"

namespace turnpike {

// A value that a column cannot hold, or that breaks a CHECK: it would fail again, whenever it comes.
bool IsDataError(const Status& status);

}  // namespace turnpike
