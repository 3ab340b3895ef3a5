#pragma once
// Gives sites' agents their names: signs certificate requests, and reads the name back from a connection's certificate.
// Nothing is kept here: which certificate was issued for which token, and what is revoked, is the site store's.
// Thread-safe.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"

namespace turnpike {

// Who an agent is: spiffe://<domain>/site/<site>/agent/<agent>, the only name in its certificate.
struct AgentIdentity {
  SiteId site;
  int64_t agent = 0;  // 1, 2, 3 … per site
  friend bool operator==(const AgentIdentity&, const AgentIdentity&) = default;
};

struct IssuedCertificate {
  std::string certificate_pem;  // the agent's certificate alone
  std::string serial_hex;       // lower case, 32 digits
  Timestamp not_after;
  std::string public_key_sha256;  // hex; the same request key gives the same digest
};

class CertificateIssuer {
 public:
  virtual ~CertificateIssuer() = default;

  // Signs a PKCS #10 request (DER).  Names in it are ignored; what it proves is that the sender holds the key.
  // INVALID_ARGUMENT: not a request, a wrong self-signature, a key that is neither EC P-256 nor Ed25519.
  virtual Result<IssuedCertificate> SignAgentRequest(std::string_view request_der, const AgentIdentity& agent,
                                                     Timestamp now) = 0;
  // The digest that SignAgentRequest would report, after the same checks, without signing: a retried enrollment is
  // known by it.
  virtual Result<std::string> RequestPublicKeySha256(std::string_view request_der) const = 0;
  // Whom a certificate's URI names.  UNAUTHENTICATED for anything but one well-formed name in this broker's domain.
  virtual Result<AgentIdentity> IdentityOf(std::string_view uri) const = 0;

  virtual std::string ca_certificate_pem() const = 0;
  virtual std::string ca_fingerprint() const = 0;  // SHA-256 of the DER certificate, hex: what agents pin
};

}  // namespace turnpike
