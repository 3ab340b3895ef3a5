#pragma once
// A certificate authority of one test's own, and the identities that it gives out; and the TLS rule for the test's
// whole process.

#include <memory>
#include <string>

#include "adapters/link/identity_store.h"
#include "base/check.h"
#include "base/file_sync.h"
#include "base/grpc/certificate_request.h"
#include "base/grpc/credentials.h"
#include "base/random.h"
#include "base/system_clock.h"
#include "broker/identity/certificate_authority.h"
#include "tests/base/scratch_folder.h"

namespace turnpike {

// Before main, since gRPC reads it once.
inline const bool kOldTlsRefused = (RefuseOldTls(), true);

inline constexpr AgentIdentity kTestAgent{.site = SiteId(Uuid{.bytes = {7}}), .agent = 1};

class TestCertificates {
 public:
  TestCertificates() {
    auto made = CertificateAuthority::Create({.trust_domain = "test.example",
                                              .certificate_path = folder_.File("ca.pem"),
                                              .private_key_path = folder_.File("ca.key")},
                                             clock_.Now(), random_);
    CHECK(made.ok());
    authority_ = std::move(made).value();
  }

  CertificateAuthority& authority() { return *authority_; }
  std::string ca_pem() const { return authority_->ca_certificate_pem(); }
  std::string ca_path() const { return folder_.File("ca.pem"); }
  Timestamp now() const { return clock_.Now(); }

  // For a server on the loopback address.
  TlsIdentity Server() {
    auto issued =
        authority_->IssueServerCertificate({.dns_names = {"localhost"}, .ip_addresses = {"127.0.0.1"}}, clock_.Now());
    CHECK(issued.ok());
    return {.certificate_pem = issued->certificate_pem, .private_key_pem = issued->private_key_pem, .ca_pem = ca_pem()};
  }
  std::string SignAgent(const std::string& request_der, Timestamp at) {
    auto issued = authority_->SignAgentRequest(request_der, kTestAgent, at);
    CHECK(issued.ok());
    return issued->certificate_pem;
  }
  // What enrollment leaves behind; the certificate was given at `at`.
  void Enroll(const IdentityStore& store, Timestamp at) {
    const std::string key = store.KeyForRequest().value();
    CHECK(store.SaveSurroundings({.ca_pem = ca_pem(), .agent_address = "nowhere:1", .site = "alpha"}).ok());
    CHECK(store.AdoptCertificate(SignAgent(MakeCertificateRequest(key).value(), at)).ok());
  }

 private:
  ScratchFolder folder_;
  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<CertificateAuthority> authority_;
};

}  // namespace turnpike
