#pragma once
// An agent's name as text: spiffe://<domain>/site/<site id>/agent/<number>.

#include <string>
#include <string_view>

#include "base/status.h"
#include "broker/ports/certificate_issuer.h"

namespace turnpike {

// INVALID_ARGUMENT unless the domain is 1 to 128 characters of a-z, 0-9, dot and dash, beginning with a letter or
// digit.
Status CheckTrustDomain(std::string_view domain);

std::string AgentUri(std::string_view domain, const AgentIdentity& agent);
// Only the text that AgentUri makes is taken: no other case, no leading zero, nothing after it.  UNAUTHENTICATED
// otherwise.
Result<AgentIdentity> ParseAgentUri(std::string_view domain, std::string_view uri);

}  // namespace turnpike
