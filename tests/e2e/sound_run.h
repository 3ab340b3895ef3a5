#pragma once
// The last look at a federation, when all its jobs are over.

#include <chrono>

#include "base/status.h"
#include "tests/e2e/federation.h"

namespace turnpike {

// OK, or the first violated invariant (tests/e2e/invariants.h), or a recorded round of placement that comes out
// otherwise.  Waits for the agents' last reports.
Status CheckSoundRun(const Federation& federation);
// I11: no runner and no payload is left in it; waits so long for that.
Status CheckNothingRuns(const Federation& federation, std::chrono::seconds time);

}  // namespace turnpike
