#pragma once
// Reads an agent's certificate request: only its key counts, and only when the sender proves to hold it.

#include <string>
#include <string_view>

#include "base/openssl_handle.h"
#include "base/status.h"

namespace turnpike::identity {

constexpr size_t kRequestBytesMax = 16 * 1024;

// The key of a PKCS #10 request (DER), which is EC P-256 or Ed25519 and has signed the request.  INVALID_ARGUMENT
// otherwise.
Result<KeyHandle> ReadAgentRequest(std::string_view request_der);

// SHA-256 of the key's SubjectPublicKeyInfo, hex.
std::string PublicKeySha256(EVP_PKEY* key);

}  // namespace turnpike::identity
