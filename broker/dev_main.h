#pragma once
// turnpike-broker --dev: everything that a first job needs, in one data folder, with nothing to configure: a private
// PostgreSQL on a unix socket, a development CA, one project with credit, one token, and one local site with its agent.
// A second start finds what the first one made.

#include <string>

#include "base/status.h"
#include "broker/serve_main.h"

namespace turnpike {

struct DevSettings {
  std::string folder;  // empty: the default one (README)
  std::string user_address = "127.0.0.1:7443";
  std::string agent_address = "127.0.0.1:7444";
  bool local_site = true;  // false: no site of our own, only what is registered
};

// Runs until SIGINT or SIGTERM.  Of `broker` the database, the addresses and the CA are of this function's making.
Status RunDevelopmentBroker(const DevSettings& settings, const BrokerSettings& broker);

}  // namespace turnpike
