#pragma once
// `turnpike-agent jobs` and `cancel`: what a site's operator can see and end without the broker, also while the agent
// is running.

#include <ostream>
#include <string>
#include <vector>

#include "adapters/agent_site.h"
#include "adapters/host/agent_round.h"
#include "adapters/host/journal_state.h"
#include "base/status.h"

namespace turnpike {

void PrintJobs(const JournalState& state, std::ostream& out);

// `name` is an attempt's id or its tag.  Ends the local job, or asks the running agent to do so where it alone may;
// tells which in words.  NOT_FOUND; FAILED_PRECONDITION where it has no local job yet.
Result<std::string> CancelLocally(AgentSite& site, const std::string& name);

// The running agent's side: requests are files in its data directory.  On the loop's thread.
class CancelRequests {
 public:
  explicit CancelRequests(AgentSite& site) : site_(site), folder_(FolderOf(site.config())) {}
  // Does what has been asked for since.
  void Serve(const AgentRound& round);

  static std::string FolderOf(const AgentConfig& config) { return config.data_directory + "/cancel"; }

 private:
  AgentSite& site_;
  const std::string folder_;
};

}  // namespace turnpike
