#include "broker/identity/certificate_builder.h"

#include <openssl/bn.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>

#include "base/digest.h"

namespace turnpike::identity {
namespace {

using ExtensionHandle = std::unique_ptr<X509_EXTENSION, OpensslFree<X509_EXTENSION_free>>;
using NumberHandle = std::unique_ptr<BIGNUM, OpensslFree<BN_free>>;

std::time_t SecondsOf(Timestamp at) {
  return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

// Positive and always 16 bytes long, so that its text has one length.
bool SetSerial(X509* certificate, RandomSource& random) {
  std::array<uint8_t, 16> bytes{};
  random.Fill(bytes);
  bytes[0] = static_cast<uint8_t>((bytes[0] & 0x7FU) | 0x40U);
  const NumberHandle number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  return BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool SetNames(X509* certificate, const std::string& common_name, const CertificateSigner& signer) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const auto* text = reinterpret_cast<const unsigned char*>(common_name.data());
  return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, text, static_cast<int>(common_name.size()),
                                    -1, 0) == 1 &&
         X509_set_issuer_name(certificate,
                              signer.certificate == nullptr ? subject : X509_get_subject_name(signer.certificate)) == 1;
}

bool SetTimes(X509* certificate, const CertificatePlan& plan) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate), SecondsOf(plan.not_before)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), SecondsOf(plan.not_after)) != nullptr;
}

bool AddExtension(X509* certificate, X509* issuer, const CertificateExtension& extension) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionHandle made(X509V3_EXT_conf_nid(nullptr, &context, extension.nid, extension.value.c_str()));
  return made != nullptr && X509_add_ext(certificate, made.get(), -1) == 1;
}

bool Fill(const CertificatePlan& plan, EVP_PKEY* subject_key, const CertificateSigner& signer, RandomSource& random,
          X509* certificate) {
  if (X509_set_version(certificate, X509_VERSION_3) != 1 || !SetSerial(certificate, random) ||
      !SetNames(certificate, plan.common_name, signer) || !SetTimes(certificate, plan) ||
      X509_set_pubkey(certificate, subject_key) != 1) {
    return false;
  }
  X509* issuer = signer.certificate == nullptr ? certificate : signer.certificate;
  for (const CertificateExtension& extension : plan.extensions) {
    if (!AddExtension(certificate, issuer, extension)) {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<CertificateHandle> SignCertificate(const CertificatePlan& plan, EVP_PKEY* subject_key,
                                          const CertificateSigner& signer, RandomSource& random) {
  CertificateHandle certificate(X509_new());
  if (!Fill(plan, subject_key, signer, random, certificate.get()) ||
      X509_sign(certificate.get(), signer.key, EVP_sha256()) == 0) {
    return Internal("cannot make the certificate \"{}\": {}", plan.common_name, TakeOpensslError());
  }
  return certificate;
}

std::string SerialHex(const X509* certificate) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(certificate);
  return ToHex(
      {reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)), static_cast<size_t>(ASN1_STRING_length(serial))});
}

Timestamp NotAfter(const X509* certificate) {
  std::tm parts{};
  ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts);
  return TimestampFromSeconds(timegm(&parts));
}

std::string FingerprintHex(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &size);
  return ToHex({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace turnpike::identity
