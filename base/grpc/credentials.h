#pragma once
// Who is who on a connection: TLS 1.3 on every port, client certificates on the agent port, one pinned CA for all
// clients.

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_context.h>

#include <chrono>
#include <memory>
#include <string>

#include "base/status.h"

namespace turnpike {

// First thing in main, before any thread and before gRPC starts: the library reads this once.  gRPC 1.51 cannot be told
// a minimum TLS version; with an EC key on the server no TLS 1.2 handshake can use the one suite that this leaves, and
// TLS 1.3 has its own.
void RefuseOldTls();

// PEM texts.  A server needs a certificate (with its chain) and key; it needs the CA where it asks for client
// certificates.  A client needs the CA, and a certificate and key where the server asks for them.
struct TlsIdentity {
  std::string certificate_pem;
  std::string private_key_pem;
  std::string ca_pem;
};

// The same as files.  They are read again every `reload_interval`, so that a renewed certificate is used without a
// restart.  Best one file with key and chain, named twice: replaced as a whole, it is never seen with a key that does
// not fit.
struct TlsFiles {
  std::string certificate_path;
  std::string private_key_path;
  std::string ca_path;
  std::chrono::seconds reload_interval{60};
};

// All of these refuse, with INVALID_ARGUMENT, what could never work: no PEM, a key that does not fit its certificate,
// and on a server a key that is not EC (see RefuseOldTls).

// The user port: TLS, and tokens instead of client certificates.
Result<std::shared_ptr<grpc::ServerCredentials>> UserServerCredentials(const TlsIdentity& identity);
Result<std::shared_ptr<grpc::ServerCredentials>> UserServerCredentials(const TlsFiles& files);
// The agent port: nobody gets past the handshake without a certificate of the CA.
Result<std::shared_ptr<grpc::ServerCredentials>> AgentServerCredentials(const TlsIdentity& identity);
Result<std::shared_ptr<grpc::ServerCredentials>> AgentServerCredentials(const TlsFiles& files);
// A client that trusts this CA alone, with a certificate of its own if there is one.  A renewed certificate needs a new
// channel.
Result<std::shared_ptr<grpc::ChannelCredentials>> ClientCredentials(const TlsIdentity& identity);

// The one URI name in the verified client certificate.  UNAUTHENTICATED: no certificate, no URI, or more than one.
Result<std::string> PeerUri(const grpc::ServerContextBase& context);

}  // namespace turnpike
