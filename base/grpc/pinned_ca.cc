#include "base/grpc/pinned_ca.h"

#include <openssl/ssl.h>
#include <poll.h>

#include <cctype>

#include "base/grpc/certificate.h"
#include "base/openssl_handle.h"

namespace turnpike {
namespace {

using ContextHandle = std::unique_ptr<SSL_CTX, OpensslFree<SSL_CTX_free>>;

constexpr size_t kFingerprintDigits = 64;
constexpr unsigned char kHttp2[] = {2, 'h', '2'};  // a gRPC server ends a handshake without it

Result<std::string> PlainFingerprint(const std::string& text) {
  std::string plain;
  for (const char c : text) {
    if (c != ':') {
      plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  if (plain.size() != kFingerprintDigits || plain.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return InvalidArgument("the CA fingerprint \"{}\" is not 64 hexadecimal digits", text);
  }
  return plain;
}

// Waits until the connection can go on; false at the deadline.
bool WaitForSocket(BIO* bio, std::chrono::steady_clock::time_point until) {
  int descriptor = -1;
  if (BIO_get_fd(bio, &descriptor) < 0) {
    return false;
  }
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
  pollfd wanted{.fd = descriptor, .events = static_cast<short>(BIO_should_read(bio) ? POLLIN : POLLOUT), .revents = 0};
  return left > 0 && ::poll(&wanted, 1, static_cast<int>(left)) > 0;
}

using Until = std::chrono::steady_clock::time_point;

// Connects and, where `connection` ends in TLS, shakes hands.
Status Finish(BIO* connection, const std::string& address, Until until) {
  while (BIO_do_handshake(connection) != 1) {
    if (!BIO_should_retry(connection)) {
      return Unavailable("cannot connect to {}: {}", address, TakeOpensslError());
    }
    if (!WaitForSocket(connection, until)) {
      return Unavailable("cannot connect to {}: no answer in time", address);
    }
  }
  return OkStatus();
}

Result<BioHandle> Connect(const std::string& address, Until until) {
  BioHandle connection(BIO_new_connect(address.c_str()));
  BIO_set_nbio(connection.get(), 1);
  RETURN_IF_ERROR(Finish(connection.get(), address, until));
  return connection;
}

// The chain is not verified here: the fingerprint is.
Result<BioHandle> ShakeHands(const PinnedCaQuery& query, SSL_CTX* context) {
  const Until until = std::chrono::steady_clock::now() + query.timeout;
  const std::string host = query.address.substr(0, query.address.rfind(':'));
  ASSIGN_OR_RETURN(const std::optional<HttpProxy> proxy, ProxyFor(host, query.proxy));
  ASSIGN_OR_RETURN(BioHandle connection, Connect(proxy ? proxy->host + ":" + proxy->port : query.address, until));
  if (proxy) {
    RETURN_IF_ERROR(OpenTunnel(connection.get(), *proxy, query.address, until));
  }
  BioHandle secured(BIO_push(BIO_new_ssl(context, /*client=*/1), connection.release()));
  SSL* ssl = nullptr;
  BIO_get_ssl(secured.get(), &ssl);
  SSL_set_tlsext_host_name(ssl, host.c_str());
  RETURN_IF_ERROR(Finish(secured.get(), query.address, until));
  return secured;
}

}  // namespace

Result<std::string> FetchPinnedCa(const PinnedCaQuery& query) {
  ASSIGN_OR_RETURN(const std::string wanted, PlainFingerprint(query.fingerprint));
  const ContextHandle context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_alpn_protos(context.get(), kHttp2, sizeof kHttp2);
  ASSIGN_OR_RETURN(const BioHandle connection, ShakeHands(query, context.get()));
  SSL* ssl = nullptr;
  BIO_get_ssl(connection.get(), &ssl);
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    std::string pem = ToPem(sk_X509_value(chain, i));
    ASSIGN_OR_RETURN(const CertificateFacts facts, ReadCertificate(pem));
    if (facts.fingerprint == wanted) {
      return pem;
    }
  }
  return Unauthenticated(
      "{} shows no certificate with the fingerprint {}: it is another broker, or somebody stands in between",
      query.address, wanted);
}

}  // namespace turnpike
