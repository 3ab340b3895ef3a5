#pragma once
// The agent's name and key, as files in its data directory:
//
//   identity/agent.pem      private key, certificate and chain; replaced as a whole, so that the key always fits
//   identity/ca.pem         the CA of the federation
//   identity/agent_address  where the broker listens for agents, as it said at enrollment
//   identity/site           the site's name
//   identity/new.key        a key that waits for its certificate (enrollment or renewal)
//
// All of them are the agent's alone (0600 in a 0700 folder).  Not shared by threads.

#include <string>

#include "base/grpc/certificate.h"
#include "base/grpc/credentials.h"
#include "base/status.h"

namespace turnpike {

struct AgentIdentityFiles {
  TlsIdentity tls;
  CertificateFacts certificate;
  std::string agent_address;
  std::string site;
};

class IdentityStore {
 public:
  explicit IdentityStore(const std::string& data_directory) : folder_(data_directory + "/identity") {}

  const std::string& folder() const { return folder_; }
  // NOT_FOUND: the agent is not enrolled.
  Result<AgentIdentityFiles> Load() const;
  bool is_enrolled() const;

  // The key that waits for its certificate, made and written first where there is none: a repeated request must come
  // with the same one.
  Result<std::string> KeyForRequest() const;
  // The waiting key and its certificate become the identity; the key waits no longer.
  Status AdoptCertificate(const std::string& certificate_pem) const;
  struct Surroundings {
    std::string ca_pem;
    std::string agent_address;
    std::string site;
  };
  // Before AdoptCertificate, which makes an agent enrolled.
  Status SaveSurroundings(const Surroundings& surroundings) const;

 private:
  std::string PathOf(const char* name) const { return folder_ + "/" + name; }

  std::string folder_;
};

}  // namespace turnpike
