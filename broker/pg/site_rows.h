#pragma once
// How sites lie in the database.

#include <string_view>
#include <vector>

#include "base/pg/transaction.h"
#include "broker/ports/site_store.h"

namespace turnpike {

// NOT_FOUND where there is none.
Result<SiteRecord> ReadSite(Transaction& tx, SiteId site_id);
// By name; unknown ones are left out.
Result<std::vector<SiteRecord>> ReadSites(Transaction& tx, const std::vector<SiteId>& sites);

Status NoSuchSite(std::string_view name_or_id);

}  // namespace turnpike
