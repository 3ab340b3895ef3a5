#include "broker/identity/agent_request.h"

#include <openssl/crypto.h>

#include "base/digest.h"

namespace turnpike::identity {
namespace {

bool IsAllowedKey(const EVP_PKEY* key) {
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519) {
    return true;
  }
  char group[64] = "";
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) == 1 &&
         std::string_view(group) == "prime256v1";
}

}  // namespace

Result<KeyHandle> ReadAgentRequest(std::string_view request_der) {
  if (request_der.size() > kRequestBytesMax) {
    return InvalidArgument("the certificate request has {} bytes; at most {} are taken", request_der.size(),
                           kRequestBytesMax);
  }
  const auto* begin = reinterpret_cast<const unsigned char*>(request_der.data());
  const unsigned char* rest = begin;
  const RequestHandle request(d2i_X509_REQ(nullptr, &rest, static_cast<long>(request_der.size())));
  if (!request || rest != begin + request_der.size()) {
    return InvalidArgument("the certificate request is not one PKCS #10 request in DER form: {}", TakeOpensslError());
  }
  KeyHandle key(X509_REQ_get_pubkey(request.get()));
  if (!key || !IsAllowedKey(key.get())) {
    return InvalidArgument("the certificate request's key is neither EC P-256 nor Ed25519; make a new key");
  }
  if (X509_REQ_verify(request.get(), key.get()) != 1) {
    return InvalidArgument("the certificate request is not signed with its own key: {}", TakeOpensslError());
  }
  return key;
}

std::string PublicKeySha256(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  const std::string bytes(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return ToHex(AsBytes(Sha256(bytes)));
}

}  // namespace turnpike::identity
