#include "broker/identity/certificate_authority.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <utility>

#include "base/errno_status.h"
#include "base/file_sync.h"
#include "broker/identity/agent_identity.h"
#include "broker/identity/agent_request.h"
#include "broker/identity/certificate_builder.h"

namespace turnpike {
namespace {

using identity::CertificateExtension;
using identity::CertificatePlan;

constexpr auto kAuthorityLifetime = std::chrono::days(3652);  // ten years
constexpr auto kClockSkew = std::chrono::minutes(5);          // a site's clock may be behind by this much
constexpr size_t kDnsNameBytesMax = 253;

Result<KeyHandle> MakeKey() {
  KeyHandle key(EVP_EC_gen("P-256"));
  if (!key) {
    return Internal("cannot make an EC P-256 key: {}", TakeOpensslError());
  }
  return key;
}

CertificatePlan AuthorityPlan(const std::string& trust_domain, Timestamp now) {
  return {.common_name = fmt::format("Turnpike CA {}", trust_domain).substr(0, 64),  // as long as X.509 lets it be
          .not_before = now - kClockSkew,
          .not_after = now + kAuthorityLifetime,
          .extensions = {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                         {NID_key_usage, "critical,keyCertSign,cRLSign"},
                         {NID_subject_key_identifier, "hash"}}};
}

std::vector<CertificateExtension> LeafExtensions(const std::string& purpose, const std::string& names) {
  return {{NID_basic_constraints, "critical,CA:FALSE"},
          {NID_key_usage, "critical,digitalSignature"},
          {NID_ext_key_usage, purpose},
          {NID_subject_key_identifier, "hash"},
          {NID_authority_key_identifier, "keyid:always"},
          {NID_subject_alt_name, names}};
}

bool IsDnsName(std::string_view name) {
  return !name.empty() && name.size() <= kDnsNameBytesMax && name.front() != '-' && name.front() != '.' &&
         std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '.'; });
}

bool IsIpAddress(const std::string& text) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, text.c_str(), bytes) == 1 || inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

// "DNS:localhost,IP:127.0.0.1".
Result<std::string> AlternativeNames(const ServerNames& names) {
  std::string list;
  for (const std::string& name : names.dns_names) {
    if (!IsDnsName(name)) {
      return InvalidArgument("\"{}\" is not a DNS name that a server certificate can carry", name);
    }
    list += (list.empty() ? "DNS:" : ",DNS:") + name;
  }
  for (const std::string& address : names.ip_addresses) {
    if (!IsIpAddress(address)) {
      return InvalidArgument("\"{}\" is not an IP address that a server certificate can carry", address);
    }
    list += (list.empty() ? "IP:" : ",IP:") + address;
  }
  if (list.empty()) {
    return InvalidArgument("a server certificate needs at least one DNS name or IP address");
  }
  return list;
}

Status CheckKeyFileMode(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) {
    return ErrnoStatus(errno, "cannot look at the CA key {}", path);
  }
  if ((facts.st_mode & 077U) != 0) {
    return FailedPrecondition("others than its owner may use the CA key {} (mode {:04o}); run: chmod 600 {}", path,
                              facts.st_mode & 07777U, path);
  }
  return OkStatus();
}

bool Exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

}  // namespace

Result<std::unique_ptr<CertificateAuthority>> CertificateAuthority::Create(const AuthoritySettings& settings,
                                                                           Timestamp now, RandomSource& random) {
  RETURN_IF_ERROR(CheckTrustDomain(settings.trust_domain));
  if (Exists(settings.certificate_path)) {
    return AlreadyExists("there is a CA already: {}", settings.certificate_path);
  }
  std::unique_ptr<CertificateAuthority> authority(new CertificateAuthority(settings, random));
  ASSIGN_OR_RETURN(authority->key_, MakeKey());
  EVP_PKEY* key = authority->key_.get();
  ASSIGN_OR_RETURN(authority->certificate_, SignCertificate(AuthorityPlan(settings.trust_domain, now), key,
                                                            {.certificate = nullptr, .key = key}, random));
  // The certificate last: it is what tells that the authority is complete.
  RETURN_IF_ERROR(WriteFileAtomically(settings.private_key_path, ToPem(key), 0600));
  RETURN_IF_ERROR(WriteFileAtomically(settings.certificate_path, authority->ca_certificate_pem(), 0644));
  return authority;
}

Result<std::unique_ptr<CertificateAuthority>> CertificateAuthority::Load(const AuthoritySettings& settings,
                                                                         Timestamp now, RandomSource& random) {
  RETURN_IF_ERROR(CheckTrustDomain(settings.trust_domain));
  ASSIGN_OR_RETURN(const std::string certificate_pem, ReadFile(settings.certificate_path));
  RETURN_IF_ERROR(CheckKeyFileMode(settings.private_key_path));
  ASSIGN_OR_RETURN(const std::string key_pem, ReadFile(settings.private_key_path));
  std::unique_ptr<CertificateAuthority> authority(new CertificateAuthority(settings, random));
  authority->certificate_ = ParseCertificate(certificate_pem);
  authority->key_ = ParsePrivateKey(key_pem);
  if (!authority->certificate_ || X509_check_ca(authority->certificate_.get()) != 1) {
    return FailedPrecondition("{} is not the PEM certificate of a CA: {}", settings.certificate_path,
                              TakeOpensslError());
  }
  if (!authority->key_ || X509_check_private_key(authority->certificate_.get(), authority->key_.get()) != 1) {
    return FailedPrecondition("{} is not the key of the CA in {}: {}", settings.private_key_path,
                              settings.certificate_path, TakeOpensslError());
  }
  RETURN_IF_ERROR(authority->EndOf(std::chrono::hours(0), now).status());
  return authority;
}

Result<std::unique_ptr<CertificateAuthority>> CertificateAuthority::LoadOrCreate(const AuthoritySettings& settings,
                                                                                 Timestamp now, RandomSource& random) {
  return Exists(settings.certificate_path) ? Load(settings, now, random) : Create(settings, now, random);
}

Result<ServerCertificate> CertificateAuthority::IssueServerCertificate(const ServerNames& names, Timestamp now,
                                                                       std::chrono::hours lifetime) {
  ASSIGN_OR_RETURN(const std::string alternative_names, AlternativeNames(names));
  ASSIGN_OR_RETURN(const Timestamp end, EndOf(lifetime, now));
  ASSIGN_OR_RETURN(const KeyHandle key, MakeKey());
  const CertificatePlan plan{.common_name = "Turnpike broker",
                             .not_before = now - kClockSkew,
                             .not_after = end,
                             .extensions = LeafExtensions("serverAuth", alternative_names)};
  ASSIGN_OR_RETURN(const CertificateHandle certificate,
                   SignCertificate(plan, key.get(), {.certificate = certificate_.get(), .key = key_.get()}, random_));
  return ServerCertificate{.certificate_pem = ToPem(certificate.get()) + ca_certificate_pem(),
                           .private_key_pem = ToPem(key.get()),
                           .not_after = identity::NotAfter(certificate.get())};
}

Result<IssuedCertificate> CertificateAuthority::SignAgentRequest(std::string_view request_der,
                                                                 const AgentIdentity& agent, Timestamp now) {
  const std::string uri = AgentUri(settings_.trust_domain, agent);
  RETURN_IF_ERROR(ParseAgentUri(settings_.trust_domain, uri).status());
  ASSIGN_OR_RETURN(const KeyHandle key, identity::ReadAgentRequest(request_der));
  ASSIGN_OR_RETURN(const Timestamp end, EndOf(settings_.agent_lifetime, now));
  const CertificatePlan plan{.common_name = "Turnpike agent",
                             .not_before = now - kClockSkew,
                             .not_after = end,
                             .extensions = LeafExtensions("clientAuth", "URI:" + uri)};
  ASSIGN_OR_RETURN(const CertificateHandle certificate,
                   SignCertificate(plan, key.get(), {.certificate = certificate_.get(), .key = key_.get()}, random_));
  return IssuedCertificate{.certificate_pem = ToPem(certificate.get()),
                           .serial_hex = identity::SerialHex(certificate.get()),
                           .not_after = identity::NotAfter(certificate.get()),
                           .public_key_sha256 = identity::PublicKeySha256(key.get())};
}

Result<std::string> CertificateAuthority::RequestPublicKeySha256(std::string_view request_der) const {
  ASSIGN_OR_RETURN(const KeyHandle key, identity::ReadAgentRequest(request_der));
  return identity::PublicKeySha256(key.get());
}

Result<AgentIdentity> CertificateAuthority::IdentityOf(std::string_view uri) const {
  return ParseAgentUri(settings_.trust_domain, uri);
}

std::string CertificateAuthority::ca_certificate_pem() const {
  return ToPem(certificate_.get());
}

std::string CertificateAuthority::ca_fingerprint() const {
  return identity::FingerprintHex(certificate_.get());
}

Result<Timestamp> CertificateAuthority::EndOf(std::chrono::hours lifetime, Timestamp now) const {
  const Timestamp authority_end = identity::NotAfter(certificate_.get());
  if (now >= authority_end) {
    return FailedPrecondition("the CA in {} ended at {}; make a new one and enroll the sites again",
                              settings_.certificate_path, FormatTimestamp(authority_end));
  }
  return std::min<Timestamp>(now + lifetime, authority_end);
}

}  // namespace turnpike
