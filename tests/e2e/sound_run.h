#pragma once
// The last look at a federation, when all its jobs are over.

#include "base/status.h"
#include "tests/e2e/federation.h"

namespace turnpike {

// OK, or the first violated invariant (tests/e2e/invariants.h).  Waits for the agents' last reports.
Status CheckSoundRun(const Federation& federation);

}  // namespace turnpike
