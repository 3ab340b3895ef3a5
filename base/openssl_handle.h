#pragma once
// OpenSSL's objects as owners, PEM text, and the error queue as text.

#include <openssl/bio.h>
#include <openssl/evp.h>
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

BioHandle ReadingBio(std::string_view text);
std::string TextOf(const BioHandle& bio);

// Null when the text holds none; a key behind a passphrase counts as none: nobody is there to ask.
CertificateHandle ParseCertificate(std::string_view pem);
KeyHandle ParsePrivateKey(std::string_view pem);

std::string ToPem(X509* certificate);
std::string ToPem(EVP_PKEY* private_key);  // PKCS #8, in clear

// The newest error of this thread; empties the queue.
std::string TakeOpensslError();

}  // namespace turnpike
