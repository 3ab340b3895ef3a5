#pragma once
// What an agent needs to ask for a certificate: a key of its own, which never leaves it, and a signed request.
// Thread-safe.

#include <string>
#include <string_view>

#include "base/status.h"

namespace turnpike {

// A new EC P-256 key as PKCS #8 PEM.  Write it to disk (0600) before it is used: a retried enrollment must come with
// the same key.
Result<std::string> MakePrivateKey();

// A PKCS #10 request (DER), signed with the key.  It carries no name: the CA gives one.
Result<std::string> MakeCertificateRequest(std::string_view private_key_pem);

}  // namespace turnpike
