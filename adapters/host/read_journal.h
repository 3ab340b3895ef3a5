#pragma once
// A look into an agent's journal without owning it, also while the agent runs.

#include <string>

#include "adapters/host/journal_state.h"
#include "base/status.h"

namespace turnpike {

// What the journal says now; only reads.  An agent that has never run has no attempts.
Result<JournalState> ReadJournalState(const std::string& journal_folder);

}  // namespace turnpike
