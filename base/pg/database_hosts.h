#pragma once
// The servers that a connection string names, one by one.  libpq would take the first that answers, and waits for a
// dead one as long as for all of them; which server may be used is for us to judge (database_servers.h).

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace turnpike {

// One connection string a server, in the order given: "host=a,b port=5432" gives two.  INVALID_ARGUMENT.
Result<std::vector<std::string>> DatabaseHosts(const std::string& conninfo);

// A value as a connection string holds it: 'it\'s'.
std::string QuotedConninfo(std::string_view value);

}  // namespace turnpike
