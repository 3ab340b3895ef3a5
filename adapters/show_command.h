#pragma once
// `turnpike-agent show-command`: what would be run for an order, without running it.

#include <ostream>
#include <string_view>

#include "adapters/agent_site.h"
#include "base/status.h"

namespace turnpike {

// `order_json` is an AttemptOrder (proto/turnpike/v1/site_link.proto) as JSON.  INVALID_ARGUMENT, NOT_FOUND: why it
// would be refused here.
Status ShowCommand(AgentSite& site, std::string_view order_json, std::ostream& out);

}  // namespace turnpike
