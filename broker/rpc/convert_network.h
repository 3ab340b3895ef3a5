#pragma once
// Measurements of the network between the contract and the core.

#include <turnpike/v1/site_link.pb.h>

#include <vector>

#include "broker/ports/link_store.h"
#include "broker/ports/site_store.h"

namespace turnpike {

// What a site says cannot be trusted to be true: figures that cannot be are left out, one by one, and so are pairs
// above kProbeTargetsMax.  Its site and epoch are the caller's.
NetworkMeasured FromProto(const v1::NetworkReport& report);
v1::ProbeTargets ToProto(const std::vector<ProbeTarget>& targets);
// What is too old is left out.  `network` may be nullptr.
v1::SiteNetwork NetworkToProto(const SiteRecord& site, const NetworkView* network, Timestamp now);

}  // namespace turnpike
