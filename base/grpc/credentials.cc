#include "base/grpc/credentials.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <cstdlib>
#include <utility>
#include <vector>

#include "base/file_sync.h"
#include "base/grpc/certificate.h"

namespace turnpike {
namespace {

using grpc::experimental::CertificateProviderInterface;
using grpc::experimental::FileWatcherCertificateProvider;
using grpc::experimental::IdentityKeyCertPair;
using grpc::experimental::StaticDataCertificateProvider;
using ProviderPtr = std::shared_ptr<CertificateProviderInterface>;
using ServerCredentialsPtr = std::shared_ptr<grpc::ServerCredentials>;

Status CheckServerIdentity(const TlsIdentity& identity, bool asks_for_clients) {
  RETURN_IF_ERROR(CheckKeyPair(identity.certificate_pem, identity.private_key_pem));
  RETURN_IF_ERROR(CheckEllipticKey(identity.private_key_pem));
  return asks_for_clients ? ReadCertificate(identity.ca_pem).status() : OkStatus();
}

Result<TlsIdentity> ReadIdentity(const TlsFiles& files, bool with_ca) {
  TlsIdentity identity;
  ASSIGN_OR_RETURN(identity.certificate_pem, ReadFile(files.certificate_path));
  ASSIGN_OR_RETURN(identity.private_key_pem, ReadFile(files.private_key_path));
  if (with_ca) {
    ASSIGN_OR_RETURN(identity.ca_pem, ReadFile(files.ca_path));
  }
  return identity;
}

ProviderPtr StaticProvider(const TlsIdentity& identity) {
  const std::vector<IdentityKeyCertPair> pairs = {{identity.private_key_pem, identity.certificate_pem}};
  return std::make_shared<StaticDataCertificateProvider>(identity.ca_pem, pairs);
}

ProviderPtr WatchingProvider(const TlsFiles& files, bool with_ca) {
  const auto seconds = static_cast<unsigned>(files.reload_interval.count());
  return std::make_shared<FileWatcherCertificateProvider>(files.private_key_path, files.certificate_path,
                                                          with_ca ? files.ca_path : "", seconds);
}

ServerCredentialsPtr UserCredentials(const ProviderPtr& provider) {
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  return grpc::experimental::TlsServerCredentials(options);
}

ServerCredentialsPtr AgentCredentials(const ProviderPtr& provider) {
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_identity_key_cert_pairs();
  options.watch_root_certs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace

void RefuseOldTls() {
  ::setenv("GRPC_SSL_CIPHER_SUITES", "ECDHE-RSA-AES128-GCM-SHA256", /*overwrite=*/1);
}

Result<ServerCredentialsPtr> UserServerCredentials(const TlsIdentity& identity) {
  RETURN_IF_ERROR(CheckServerIdentity(identity, /*asks_for_clients=*/false));
  return UserCredentials(StaticProvider(identity));
}

Result<ServerCredentialsPtr> UserServerCredentials(const TlsFiles& files) {
  ASSIGN_OR_RETURN(const TlsIdentity identity, ReadIdentity(files, /*with_ca=*/false));
  RETURN_IF_ERROR(CheckServerIdentity(identity, /*asks_for_clients=*/false));
  return UserCredentials(WatchingProvider(files, /*with_ca=*/false));
}

Result<ServerCredentialsPtr> AgentServerCredentials(const TlsIdentity& identity) {
  RETURN_IF_ERROR(CheckServerIdentity(identity, /*asks_for_clients=*/true));
  return AgentCredentials(StaticProvider(identity));
}

Result<ServerCredentialsPtr> AgentServerCredentials(const TlsFiles& files) {
  ASSIGN_OR_RETURN(const TlsIdentity identity, ReadIdentity(files, /*with_ca=*/true));
  RETURN_IF_ERROR(CheckServerIdentity(identity, /*asks_for_clients=*/true));
  return AgentCredentials(WatchingProvider(files, /*with_ca=*/true));
}

Result<std::shared_ptr<grpc::ChannelCredentials>> ClientCredentials(const TlsIdentity& identity) {
  RETURN_IF_ERROR(ReadCertificate(identity.ca_pem).status());
  if (!identity.certificate_pem.empty() || !identity.private_key_pem.empty()) {
    RETURN_IF_ERROR(CheckKeyPair(identity.certificate_pem, identity.private_key_pem));
  }
  return grpc::SslCredentials({.pem_root_certs = identity.ca_pem,
                               .pem_private_key = identity.private_key_pem,
                               .pem_cert_chain = identity.certificate_pem});
}

Result<std::string> PeerUri(const grpc::ServerContextBase& context) {
  const std::shared_ptr<const grpc::AuthContext> auth = context.auth_context();
  if (auth == nullptr || !auth->IsPeerAuthenticated()) {
    return Unauthenticated("the connection carries no client certificate");
  }
  const std::vector<grpc::string_ref> uris = auth->FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME);
  if (uris.size() != 1) {
    return Unauthenticated("the client certificate has {} URI names; exactly one is needed", uris.size());
  }
  return std::string(uris.front().data(), uris.front().size());
}

}  // namespace turnpike
