#include "adapters/link/identity_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/errno_status.h"
#include "base/file_sync.h"
#include "base/grpc/certificate_request.h"

namespace turnpike {
namespace {

constexpr const char* kIdentity = "agent.pem";
constexpr const char* kCa = "ca.pem";
constexpr const char* kAddress = "agent_address";
constexpr const char* kSite = "site";
constexpr const char* kNewKey = "new.key";
constexpr unsigned kFileMode = 0600;
constexpr unsigned kFolderMode = 0700;
constexpr size_t kFileBytesMax = 1 << 20;
constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

// A key that others may read is no secret any more.
Status CheckPrivate(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) {
    return ErrnoStatus(errno, "cannot look at {}", path);
  }
  if ((facts.st_mode & kOthers) != 0) {
    return FailedPrecondition("{} holds a private key and may be read by others (mode {:o}); set it to 600", path,
                              facts.st_mode & 07777U);
  }
  return OkStatus();
}

Result<std::string> ReadPrivate(const std::string& path) {
  RETURN_IF_ERROR(CheckPrivate(path));
  return ReadFile(path, kFileBytesMax);
}

}  // namespace

bool IdentityStore::is_enrolled() const {
  return ::access(PathOf(kIdentity).c_str(), F_OK) == 0;
}

Result<AgentIdentityFiles> IdentityStore::Load() const {
  if (!is_enrolled()) {
    return NotFound("this agent has no certificate in {}; enroll it with `turnpike-agent enroll`", folder_);
  }
  AgentIdentityFiles files;
  ASSIGN_OR_RETURN(const std::string pem, ReadPrivate(PathOf(kIdentity)));
  files.tls.certificate_pem = pem;  // PEM readers pick out what they look for.
  files.tls.private_key_pem = pem;
  ASSIGN_OR_RETURN(files.tls.ca_pem, ReadFile(PathOf(kCa), kFileBytesMax));
  ASSIGN_OR_RETURN(files.certificate, ReadCertificate(pem));
  RETURN_IF_ERROR(CheckKeyPair(pem, pem));
  ASSIGN_OR_RETURN(files.agent_address, ReadFile(PathOf(kAddress), kFileBytesMax));
  ASSIGN_OR_RETURN(files.site, ReadFile(PathOf(kSite), kFileBytesMax));
  return files;
}

Result<std::string> IdentityStore::KeyForRequest() const {
  RETURN_IF_ERROR(MakeFolders(folder_, kFolderMode));
  Result<std::string> waiting = ReadPrivate(PathOf(kNewKey));
  if (waiting.status().code() != StatusCode::kNotFound) {
    return waiting;
  }
  ASSIGN_OR_RETURN(const std::string key_pem, MakePrivateKey());
  RETURN_IF_ERROR(WriteFileAtomically(PathOf(kNewKey), key_pem, kFileMode));
  return key_pem;
}

Status IdentityStore::SaveSurroundings(const Surroundings& surroundings) const {
  RETURN_IF_ERROR(WriteFileAtomically(PathOf(kCa), surroundings.ca_pem, kFileMode));
  RETURN_IF_ERROR(WriteFileAtomically(PathOf(kAddress), surroundings.agent_address, kFileMode));
  return WriteFileAtomically(PathOf(kSite), surroundings.site, kFileMode);
}

Status IdentityStore::AdoptCertificate(const std::string& certificate_pem) const {
  ASSIGN_OR_RETURN(const std::string key_pem, ReadPrivate(PathOf(kNewKey)));
  RETURN_IF_ERROR(CheckKeyPair(certificate_pem, key_pem));
  RETURN_IF_ERROR(WriteFileAtomically(PathOf(kIdentity), key_pem + certificate_pem, kFileMode));
  if (::unlink(PathOf(kNewKey).c_str()) != 0) {
    return ErrnoStatus(errno, "cannot remove {}", PathOf(kNewKey));
  }
  return OkStatus();
}

}  // namespace turnpike
