#pragma once
// An agent's journal as that agent would find it at a start.

#include <string>

#include "adapters/host/journal.h"

namespace turnpike {

// Reads a copy of it, since the agent may still have it.
Result<JournalState> ReadJournal(const std::string& folder);

}  // namespace turnpike
