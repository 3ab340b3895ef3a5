#pragma once
// An agent's first contact: a one-time token becomes a certificate.  Safe to repeat after any failure: the key is kept
// on disk before the token is used, and the broker gives the same certificate to the same token and key.

#include <chrono>
#include <string>

#include "adapters/link/identity_store.h"
#include "base/status.h"
#include "base/stop_signal.h"

namespace turnpike {

struct EnrollmentOrder {
  std::string broker;          // the user port: "host:port"
  std::string ca_fingerprint;  // SHA-256 of the CA's certificate, hex, as the operator was shown it
  std::string ca_file;         // where the CA is at hand already, for example behind a proxy; checked all the same
  std::string token;
  int tries_max = 5;  // while the broker cannot be reached
  std::chrono::milliseconds retry_delay{1'000};
  std::chrono::milliseconds call_timeout{20'000};
};

// ALREADY_EXISTS: the agent has an identity.  UNAUTHENTICATED: the broker's CA is another one.  PERMISSION_DENIED: the
// token.
Result<AgentIdentityFiles> Enroll(const EnrollmentOrder& order, const IdentityStore& store, StopSignal& stop);

}  // namespace turnpike
