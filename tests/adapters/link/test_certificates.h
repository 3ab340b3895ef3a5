#pragma once
// The identities that agents get from a test's own certificate authority, and how they keep them.

#include <string>

#include "adapters/link/identity_store.h"
#include "base/check.h"
#include "base/grpc/certificate_request.h"
#include "tests/base/grpc/test_federation.h"

namespace turnpike {

inline constexpr AgentIdentity kTestAgent{.site = SiteId(Uuid{.bytes = {7}}), .agent = 1};

class TestCertificates : public TestFederation {
 public:
  std::string ca_path() const { return File("ca.pem"); }
  std::string SignAgent(const std::string& request_der, Timestamp at) {
    auto issued = authority().SignAgentRequest(request_der, kTestAgent, at);
    CHECK(issued.ok());
    return issued->certificate_pem;
  }
  // What enrollment leaves behind; the certificate was given at `at`.
  void Enroll(const IdentityStore& store, Timestamp at) {
    const std::string key = store.KeyForRequest().value();
    CHECK(store.SaveSurroundings({.ca_pem = ca_pem(), .agent_address = "nowhere:1", .site = "alpha"}).ok());
    CHECK(store.AdoptCertificate(SignAgent(MakeCertificateRequest(key).value(), at)).ok());
  }
};

}  // namespace turnpike
