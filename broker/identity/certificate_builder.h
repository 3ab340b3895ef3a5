#pragma once
// Makes and signs one X.509 certificate; what goes into it is the caller's business.

#include <string>
#include <vector>

#include "base/openssl_handle.h"
#include "base/random.h"
#include "base/status.h"
#include "base/time.h"

namespace turnpike::identity {

// In OpenSSL's configuration notation, for example {NID_ext_key_usage, "clientAuth"}.  Values are checked by the
// caller: a comma in a name would become another name.
struct CertificateExtension {
  int nid = 0;
  std::string value;
};

struct CertificatePlan {
  std::string common_name;  // for people; nothing reads it
  Timestamp not_before;     // whole seconds count
  Timestamp not_after;
  std::vector<CertificateExtension> extensions;
};

struct CertificateSigner {
  X509* certificate = nullptr;  // null: self-signed
  EVP_PKEY* key = nullptr;
};

// The serial number is 127 random bits.
Result<CertificateHandle> SignCertificate(const CertificatePlan& plan, EVP_PKEY* subject_key,
                                          const CertificateSigner& signer, RandomSource& random);

std::string SerialHex(const X509* certificate);  // lower case, 32 digits
Timestamp NotAfter(const X509* certificate);
std::string FingerprintHex(const X509* certificate);  // SHA-256 of the DER form

}  // namespace turnpike::identity
