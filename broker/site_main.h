#pragma once
// turnpike-broker site: shuts a site out and lets it in again in the database itself, without a token and whether or
// not a broker runs.  Those that run notice within their next look at the sites.

#include <string>

#include "base/status.h"
#include "broker/actions/site_admission.h"

namespace turnpike {

// `database` as role turnpike_api.
Status RunSiteQuarantine(const std::string& database, const Quarantine& quarantine);
Status RunSiteRelease(const std::string& database, const std::string& site);

}  // namespace turnpike
