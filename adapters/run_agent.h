#pragma once
// `turnpike-agent run`: journal, round, loop and link, until a signal or an end that only a person can mend.

#include <functional>
#include <string>

#include "adapters/agent_site.h"
#include "base/status.h"

namespace turnpike {

struct RunOptions {
  std::string config_path;  // read again before each connection, for the broker's address
  std::string version;
};

// OK after a signal: running jobs are left alone.  ABORTED: another agent with this site's name took over.  DATA_LOSS:
// the journal is gone.  Termination signals must be blocked already.
Status RunAgent(AgentSite& site, const RunOptions& options);

// Where to dial: what the configuration says, from a random one on, so that agents spread over a broker's replicas;
// then what the broker said at enrollment.
std::vector<std::string> BrokerAddresses(const AgentConfig& config, const IdentityStore& identity,
                                         RandomSource& random);

}  // namespace turnpike
