#include "base/grpc/certificate.h"

#include <openssl/x509v3.h>

#include <array>
#include <ctime>

#include "base/digest.h"
#include "base/openssl_handle.h"

namespace turnpike {
namespace {

using NamesHandle = std::unique_ptr<GENERAL_NAMES, OpensslFree<GENERAL_NAMES_free>>;

Timestamp TimeOfAsn1(const ASN1_TIME* time) {
  std::tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  return TimestampFromSeconds(timegm(&parts));
}

std::vector<std::string> UriNames(const X509* certificate) {
  std::vector<std::string> uris;
  const NamesHandle names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI) {
      const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
      uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)), ASN1_STRING_length(uri));
    }
  }
  return uris;
}

std::string Fingerprint(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &size);
  return ToHex({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace

Result<CertificateFacts> ReadCertificate(std::string_view pem) {
  const CertificateHandle certificate = ParseCertificate(pem);
  if (!certificate) {
    return InvalidArgument("no PEM certificate in the text: {}", TakeOpensslError());
  }
  return CertificateFacts{.not_before = TimeOfAsn1(X509_get0_notBefore(certificate.get())),
                          .not_after = TimeOfAsn1(X509_get0_notAfter(certificate.get())),
                          .fingerprint = Fingerprint(certificate.get()),
                          .uri_names = UriNames(certificate.get())};
}

Status CheckKeyPair(std::string_view certificate_pem, std::string_view private_key_pem) {
  const CertificateHandle certificate = ParseCertificate(certificate_pem);
  if (!certificate) {
    return InvalidArgument("no PEM certificate in the text: {}", TakeOpensslError());
  }
  const KeyHandle key = ParsePrivateKey(private_key_pem);
  if (!key) {
    return InvalidArgument("the private key is not readable PEM: {}", TakeOpensslError());
  }
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return InvalidArgument("the private key does not belong to the certificate: {}", TakeOpensslError());
  }
  return OkStatus();
}

Status CheckEllipticKey(std::string_view private_key_pem) {
  const KeyHandle key = ParsePrivateKey(private_key_pem);
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_EC) {
    return InvalidArgument(
        "the private key is not an elliptic-curve key; a server needs one, since that keeps TLS 1.2 out");
  }
  return OkStatus();
}

}  // namespace turnpike
