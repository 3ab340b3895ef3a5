#pragma once
// `turnpike-agent jobs` and `cancel`: what a site's operator can see and end without the broker, also while the agent
// is running.

#include <ostream>
#include <string>
#include <vector>

#include "adapters/agent_site.h"
#include "adapters/host/journal_state.h"
#include "base/status.h"

namespace turnpike {

inline std::string CancelFolder(const AgentConfig& config) {
  return config.data_directory + "/cancel";
}

void PrintJobs(const JournalState& state, std::ostream& out);

// `name` is an attempt's id or its tag.  Ends the local job, or asks the running agent to do so where it alone may;
// tells which in words.  NOT_FOUND; FAILED_PRECONDITION where it has no local job yet.
Result<std::string> CancelLocally(AgentSite& site, const std::string& name);

}  // namespace turnpike
