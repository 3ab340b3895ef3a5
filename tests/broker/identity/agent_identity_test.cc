#include "broker/identity/agent_identity.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace turnpike {
namespace {

constexpr char kDomain[] = "turnpike.example";
constexpr char kSite[] = "0192f0c0-1111-7222-8333-444455556666";

TEST(AgentIdentity, NameIsReadBackAsItWasBuilt) {
  for (const int64_t number : {int64_t{1}, int64_t{42}, std::numeric_limits<int64_t>::max()}) {
    const AgentIdentity agent{.site = *SiteId::Parse(kSite), .agent = number};
    EXPECT_EQ(ParseAgentUri(kDomain, AgentUri(kDomain, agent)).value(), agent);
  }
  EXPECT_EQ(AgentUri(kDomain, {.site = *SiteId::Parse(kSite), .agent = 1}),
            "spiffe://turnpike.example/site/0192f0c0-1111-7222-8333-444455556666/agent/1");
}

TEST(AgentIdentity, EveryOtherTextNamesNobody) {
  const std::string site = kSite;
  const std::string nil = "00000000-0000-0000-0000-000000000000";
  const std::string good = "spiffe://turnpike.example/site/" + site + "/agent/1";
  ASSERT_TRUE(ParseAgentUri(kDomain, good).ok());
  for (const std::string& uri : std::vector<std::string>{
           "",
           "spiffe://",
           "https://turnpike.example/site/" + site + "/agent/1",
           "SPIFFE://turnpike.example/site/" + site + "/agent/1",
           "spiffe://other.example/site/" + site + "/agent/1",
           "spiffe://turnpike.example.evil/site/" + site + "/agent/1",
           "spiffe://turnpike.example:443/site/" + site + "/agent/1",
           "spiffe://user@turnpike.example/site/" + site + "/agent/1",
           "spiffe://turnpike.example//site/" + site + "/agent/1",
           "spiffe://turnpike.example/site/" + site,
           "spiffe://turnpike.example/site/" + site + "/agent/",
           "spiffe://turnpike.example/site/" + site + "/agent/0",
           "spiffe://turnpike.example/site/" + site + "/agent/-1",
           "spiffe://turnpike.example/site/" + site + "/agent/+1",
           "spiffe://turnpike.example/site/" + site + "/agent/01",
           "spiffe://turnpike.example/site/" + site + "/agent/1x",
           "spiffe://turnpike.example/site/" + site + "/agent/9223372036854775808",
           "spiffe://turnpike.example/site/0192F0C0-1111-7222-8333-444455556666/agent/1",
           "spiffe://turnpike.example/site/" + nil + "/agent/1",
           "spiffe://turnpike.example/site/x/agent/1",
           good + "/",
           good + "?a=b",
           good + "#a",
           good + " ",
           good + std::string(1, '\0'),
           " " + good,
       }) {
    EXPECT_EQ(ParseAgentUri(kDomain, uri).status().code(), StatusCode::kUnauthenticated) << uri;
  }
}

TEST(TrustDomain, IsALowerCaseName) {
  for (const std::string domain : {"turnpike", "turnpike.example.org", "a-1.b"}) {
    EXPECT_TRUE(CheckTrustDomain(domain).ok()) << domain;
  }
  for (const std::string& domain :
       std::vector<std::string>{"", "Turnpike", "a/b", "a b", "a,URI:b", ".a", "-a", "a:1", std::string(129, 'a')}) {
    EXPECT_EQ(CheckTrustDomain(domain).code(), StatusCode::kInvalidArgument) << domain;
  }
}

}  // namespace
}  // namespace turnpike
