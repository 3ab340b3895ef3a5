#pragma once
// How measurements of the network lie in the database.

#include <optional>
#include <vector>

#include "base/pg/transaction.h"
#include "broker/ports/link_store.h"
#include "broker/ports/site_store.h"

namespace turnpike {

// Nothing where a newer session or report of the site was stored.  Locks the site's own rows alone.
Status WriteNetwork(Transaction& tx, const NetworkMeasured& measured);
// At most kProbeTargetsMax; which of more these are differs from site to site, and stays.
Result<std::vector<ProbeTarget>> ReadProbeTargets(Transaction& tx, SiteId site_id);

// $1 sites; the columns that NetworkAt reads.
extern const char* const kReadSiteNetworks;
SiteNetworkRecord NetworkAt(const Rows& rows, int row, int column);
Result<std::vector<StoredRoundTrip>> ReadRoundTrips(Transaction& tx, std::optional<Timestamp> since);

}  // namespace turnpike
