#pragma once
// How many rows a page of a list has: 0 means 50, more than 1,000 means 1,000, less than 0 is a mistake.

#include <cstddef>

#include "base/status.h"

namespace turnpike {

Result<size_t> PageSizeOf(int requested);

}  // namespace turnpike
