#pragma once
// Shuts a site out of the federation, and lets it in again.  Its stream is ended by whoever holds it (SiteSessions).

#include <string>
#include <string_view>

#include "broker/ports/site_store.h"

namespace turnpike {

struct Quarantine {
  std::string site;  // name or id
  std::string reason;
};

// Also of a site that is shut out already: then the reason is changed.  NOT_FOUND: no such site.
Result<SiteRecord> QuarantineSite(SiteStore& sites, const Quarantine& quarantine);
// NOT_FOUND: no such site.  FAILED_PRECONDITION: it is not shut out.
Result<SiteRecord> ReleaseSite(SiteStore& sites, std::string_view name_or_id);

}  // namespace turnpike
