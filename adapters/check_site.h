#pragma once
// `turnpike-agent check`: does everything fit together: configuration, folders, certificate, broker, scheduler.

#include <ostream>
#include <string>
#include <vector>

#include "adapters/agent_site.h"
#include "adapters/core/scheduler.h"

namespace turnpike {

// Sends one short job through the scheduler.
std::vector<CheckLine> CheckSite(AgentSite& site);

// A line each, with its cure where it has one; true where nothing failed.
bool PrintCheck(const std::vector<CheckLine>& lines, std::ostream& out);

}  // namespace turnpike
