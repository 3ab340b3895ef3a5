#pragma once
// The broker's own certificate authority: one EC P-256 key that names the servers and the agents of a federation.
// Thread-safe.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/openssl_handle.h"
#include "base/random.h"
#include "base/status.h"
#include "base/time.h"
#include "broker/ports/certificate_issuer.h"

namespace turnpike {

struct AuthoritySettings {
  std::string trust_domain;      // "turnpike.example.org": the middle of every agent's name
  std::string certificate_path;  // PEM
  std::string private_key_path;  // PEM, mode 0600
  std::chrono::hours agent_lifetime = std::chrono::days(30);
};

// What a server certificate answers to.
struct ServerNames {
  std::vector<std::string> dns_names;     // "broker.example.org", "localhost"
  std::vector<std::string> ip_addresses;  // "127.0.0.1", "::1"
};

struct ServerCertificate {
  std::string certificate_pem;  // the server's, then the CA's: a client that knows only its fingerprint finds it there
  std::string private_key_pem;
  Timestamp not_after;
};

class CertificateAuthority final : public CertificateIssuer {
 public:
  // Makes a new authority, good for ten years, and writes its files.  ALREADY_EXISTS when there is one.
  static Result<std::unique_ptr<CertificateAuthority>> Create(const AuthoritySettings& settings, Timestamp now,
                                                              RandomSource& random);
  // NOT_FOUND: no such file.  FAILED_PRECONDITION: others may read the key, it does not fit, or the authority's time is
  // over.
  static Result<std::unique_ptr<CertificateAuthority>> Load(const AuthoritySettings& settings, Timestamp now,
                                                            RandomSource& random);
  static Result<std::unique_ptr<CertificateAuthority>> LoadOrCreate(const AuthoritySettings& settings, Timestamp now,
                                                                    RandomSource& random);

  // With a new EC P-256 key.  INVALID_ARGUMENT: no name at all, or one that is no DNS name or no address.
  Result<ServerCertificate> IssueServerCertificate(const ServerNames& names, Timestamp now,
                                                   std::chrono::hours lifetime = std::chrono::days(90));

  Result<IssuedCertificate> SignAgentRequest(std::string_view request_der, const AgentIdentity& agent,
                                             Timestamp now) override;
  Result<std::string> RequestPublicKeySha256(std::string_view request_der) const override;
  Result<AgentIdentity> IdentityOf(std::string_view uri) const override;
  std::string ca_certificate_pem() const override;
  std::string ca_fingerprint() const override;

 private:
  CertificateAuthority(AuthoritySettings settings, RandomSource& random)
      : settings_(std::move(settings)), random_(random) {}
  // Never longer than the authority itself lives.
  Result<Timestamp> EndOf(std::chrono::hours lifetime, Timestamp now) const;

  const AuthoritySettings settings_;
  RandomSource& random_;
  CertificateHandle certificate_;
  KeyHandle key_;
};

}  // namespace turnpike
