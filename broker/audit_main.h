#pragma once
// turnpike-broker audit: judges the books and prints what it found.

#include <string>

#include "base/status.h"

namespace turnpike {

// `database` as role turnpike_placement; nothing is changed.  True: the books are sound.
Result<bool> RunAudit(const std::string& database);

}  // namespace turnpike
