#pragma once
// What a certificate says, for those who hold one: when to renew it, what to pin.

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"

namespace turnpike {

struct CertificateFacts {
  Timestamp not_before;
  Timestamp not_after;
  std::string fingerprint;  // SHA-256 of the DER form, hex, lower case
  std::vector<std::string> uri_names;
};

// The first certificate of a PEM text.  INVALID_ARGUMENT when there is none.
Result<CertificateFacts> ReadCertificate(std::string_view pem);

// INVALID_ARGUMENT unless the key belongs to the (first) certificate.
Status CheckKeyPair(std::string_view certificate_pem, std::string_view private_key_pem);
// INVALID_ARGUMENT unless the key is an elliptic-curve one.
Status CheckEllipticKey(std::string_view private_key_pem);

}  // namespace turnpike
