#pragma once
// A new certificate before the old one ends: asked for at half of its life, over the connection that the old one opens.

#include <turnpike/v1/site_link_service.grpc.pb.h>

#include <chrono>

#include "adapters/link/identity_store.h"
#include "base/status.h"
#include "base/time.h"

namespace turnpike {

// Half of its life.
Timestamp RenewalTime(const CertificateFacts& certificate);

// Asks with a new key, written to disk first, and puts key and certificate in place of the old ones.
Status RenewCertificate(v1::SiteLinkService::Stub& stub, const IdentityStore& store,
                        std::chrono::milliseconds call_timeout);

}  // namespace turnpike
