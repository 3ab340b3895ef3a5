#pragma once
// OpenSSL's objects as owners, and its error queue as text.

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

namespace turnpike {

template <auto kFree>
struct OpensslFree {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using BioHandle = std::unique_ptr<BIO, OpensslFree<BIO_free_all>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using CertificateHandle = std::unique_ptr<X509, OpensslFree<X509_free>>;
using RequestHandle = std::unique_ptr<X509_REQ, OpensslFree<X509_REQ_free>>;

inline BioHandle ReadingBio(std::string_view text) {
  return BioHandle(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Null when there is none.
inline CertificateHandle ParseCertificate(std::string_view pem) {
  return CertificateHandle(PEM_read_bio_X509(ReadingBio(pem).get(), nullptr, nullptr, nullptr));
}

// Null when there is none, or when it is locked with a passphrase: nobody is there to ask.
inline KeyHandle ParsePrivateKey(std::string_view pem) {
  pem_password_cb* refuse = [](char*, int, int, void*) { return -1; };
  return KeyHandle(PEM_read_bio_PrivateKey(ReadingBio(pem).get(), nullptr, refuse, nullptr));
}

inline std::string TextOf(const BioHandle& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

// The newest error of this thread, and empties the queue.
inline std::string TakeOpensslError() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  char text[256] = "no further detail";
  if (code != 0) {
    ERR_error_string_n(code, text, sizeof text);
  }
  return text;
}

}  // namespace turnpike
