#include "base/grpc/certificate_request.h"

#include "base/openssl_handle.h"

namespace turnpike {

Result<std::string> MakePrivateKey() {
  const KeyHandle key(EVP_EC_gen("P-256"));
  if (!key) {
    return Internal("cannot make an EC P-256 key: {}", TakeOpensslError());
  }
  return ToPem(key.get());
}

Result<std::string> MakeCertificateRequest(std::string_view private_key_pem) {
  const KeyHandle key = ParsePrivateKey(private_key_pem);
  if (!key) {
    return InvalidArgument("the private key is not readable PEM: {}", TakeOpensslError());
  }
  const RequestHandle request(X509_REQ_new());
  const BioHandle bio(BIO_new(BIO_s_mem()));
  if (X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1 ||
      X509_REQ_set_pubkey(request.get(), key.get()) != 1 ||
      X509_REQ_sign(request.get(), key.get(), EVP_sha256()) == 0 || i2d_X509_REQ_bio(bio.get(), request.get()) != 1) {
    return Internal("cannot sign a certificate request: {}", TakeOpensslError());
  }
  return TextOf(bio);
}

}  // namespace turnpike
