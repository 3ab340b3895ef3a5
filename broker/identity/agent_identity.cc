#include "broker/identity/agent_identity.h"

#include <algorithm>
#include <charconv>

namespace turnpike {
namespace {

constexpr size_t kDomainBytesMax = 128;
constexpr size_t kUuidBytes = 36;

bool IsLowerOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// Takes `prefix` off the front; false when it is not there.
bool Skip(std::string_view prefix, std::string_view& text) {
  if (!text.starts_with(prefix)) {
    return false;
  }
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

Status CheckTrustDomain(std::string_view domain) {
  const bool allowed = !domain.empty() && domain.size() <= kDomainBytesMax && IsLowerOrDigit(domain.front()) &&
                       std::ranges::all_of(domain, [](char c) { return IsLowerOrDigit(c) || c == '.' || c == '-'; });
  if (!allowed) {
    return InvalidArgument("the trust domain \"{}\" is not 1 to {} characters of a-z, 0-9, dot and dash", domain,
                           kDomainBytesMax);
  }
  return OkStatus();
}

std::string AgentUri(std::string_view domain, const AgentIdentity& agent) {
  return fmt::format("spiffe://{}/site/{}/agent/{}", domain, agent.site.ToString(), agent.agent);
}

Result<AgentIdentity> ParseAgentUri(std::string_view domain, std::string_view uri) {
  AgentIdentity agent;
  std::string_view rest = uri;
  const bool at_site = Skip("spiffe://", rest) && Skip(domain, rest) && Skip("/site/", rest);
  const std::optional<SiteId> site = at_site ? SiteId::Parse(rest.substr(0, kUuidBytes)) : std::nullopt;
  if (site) {
    agent.site = *site;
    rest.remove_prefix(kUuidBytes);
  }
  const bool at_agent = site && Skip("/agent/", rest);
  const bool number_read =
      at_agent && std::from_chars(rest.data(), rest.data() + rest.size(), agent.agent).ec == std::errc();
  // One text per name: what is not written as we write it is refused.
  if (!number_read || agent.agent < 1 || agent.site.is_nil() || AgentUri(domain, agent) != uri) {
    return Unauthenticated("the certificate's name \"{}\" is not spiffe://{}/site/SITE/agent/NUMBER", uri, domain);
  }
  return agent;
}

}  // namespace turnpike
