#include "base/openssl_handle.h"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace turnpike {
namespace {

int RefusePassphrase(char*, int, int, void*) {
  return -1;
}

}  // namespace

BioHandle ReadingBio(std::string_view text) {
  return BioHandle(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string TextOf(const BioHandle& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

CertificateHandle ParseCertificate(std::string_view pem) {
  return CertificateHandle(PEM_read_bio_X509(ReadingBio(pem).get(), nullptr, nullptr, nullptr));
}

KeyHandle ParsePrivateKey(std::string_view pem) {
  return KeyHandle(PEM_read_bio_PrivateKey(ReadingBio(pem).get(), nullptr, RefusePassphrase, nullptr));
}

std::string ToPem(X509* certificate) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return TextOf(bio);
}

std::string ToPem(EVP_PKEY* private_key) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), private_key, nullptr, nullptr, 0, nullptr, nullptr);
  return TextOf(bio);
}

std::string TakeOpensslError() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  char text[256] = "no further detail";
  if (code != 0) {
    ERR_error_string_n(code, text, sizeof text);
  }
  return text;
}

}  // namespace turnpike
