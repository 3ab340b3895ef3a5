#pragma once
// The first contact with a broker, when all that is known of it is the fingerprint of its CA.

#include <chrono>
#include <string>

#include "base/grpc/http_proxy.h"
#include "base/status.h"

namespace turnpike {

struct PinnedCaQuery {
  std::string address;      // "host:port" of the user port
  std::string fingerprint;  // SHA-256 of the CA certificate, hex; case and colons do not matter
  std::chrono::milliseconds timeout{10'000};
  ProxySettings proxy = {};
};

// Shakes hands with the server and returns, as PEM, the certificate with that fingerprint from the chain that it shows.
// Nothing is sent; use the certificate as the CA of a connection, which then verifies the server in full. UNAVAILABLE:
// cannot connect.  UNAUTHENTICATED: the chain has no such certificate: another broker, or somebody in between.
Result<std::string> FetchPinnedCa(const PinnedCaQuery& query);

}  // namespace turnpike
