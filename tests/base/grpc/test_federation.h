#pragma once
// A certificate authority of one test's own, and the identities that it gives out; and the TLS rule for the test's
// whole process.

#include <memory>
#include <string>

#include "base/check.h"
#include "base/grpc/certificate_request.h"
#include "base/grpc/credentials.h"
#include "base/random.h"
#include "base/system_clock.h"
#include "broker/identity/certificate_authority.h"
#include "tests/base/scratch_folder.h"

namespace turnpike {

// Before main, since gRPC reads it once; one object in each test binary.
inline const bool kOldTlsRefused = (RefuseOldTls(), true);

constexpr char kTestDomain[] = "test.example";

class TestFederation {
 public:
  TestFederation() {
    auto made = CertificateAuthority::Create({.trust_domain = kTestDomain,
                                              .certificate_path = folder_.File("ca.pem"),
                                              .private_key_path = folder_.File("ca.key")},
                                             clock_.Now(), random_);
    CHECK(made.ok());
    authority_ = std::move(made).value();
  }

  CertificateAuthority& authority() { return *authority_; }
  std::string ca_pem() const { return authority_->ca_certificate_pem(); }
  std::string File(const std::string& name) const { return folder_.File(name); }
  Timestamp now() const { return clock_.Now(); }

  // For a server on the loopback address.
  TlsIdentity Server() {
    auto issued =
        authority_->IssueServerCertificate({.dns_names = {"localhost"}, .ip_addresses = {"127.0.0.1"}}, clock_.Now());
    CHECK(issued.ok());
    return {.certificate_pem = issued->certificate_pem, .private_key_pem = issued->private_key_pem, .ca_pem = ca_pem()};
  }

  TlsIdentity Agent(const AgentIdentity& agent) {
    const std::string key = MakePrivateKey().value();
    auto issued = authority_->SignAgentRequest(MakeCertificateRequest(key).value(), agent, clock_.Now());
    CHECK(issued.ok());
    return {.certificate_pem = issued->certificate_pem, .private_key_pem = key, .ca_pem = ca_pem()};
  }

 private:
  ScratchFolder folder_;
  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<CertificateAuthority> authority_;
};

}  // namespace turnpike
