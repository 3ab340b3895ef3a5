#include "base/grpc/pinned_ca.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "tests/base/grpc/connect_proxy.h"
#include "tests/base/grpc/loopback_link.h"
#include "tests/base/grpc/test_federation.h"

namespace turnpike {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

class PinnedCa : public testing::Test {
 protected:
  PinnedCaQuery Query(const std::string& fingerprint) const {
    return {.address = "127.0.0.1:" + std::to_string(server_->port()), .fingerprint = fingerprint};
  }

  TestFederation federation_;
  EchoLink link_;
  std::unique_ptr<GrpcServer> server_ = StartOnLoopback(UserServerCredentials(federation_.Server()).value(), link_);
};

TEST_F(PinnedCa, FindsTheCaByItsFingerprint) {
  EXPECT_EQ(FetchPinnedCa(Query(federation_.authority().ca_fingerprint())).value(), federation_.ca_pem());
}

TEST_F(PinnedCa, TakesTheFingerprintAsOpensslPrintsIt) {
  std::string colons;
  for (const char c : federation_.authority().ca_fingerprint()) {
    colons += (colons.size() % 3 == 2) ? ":" : "";
    colons += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  EXPECT_TRUE(FetchPinnedCa(Query(colons)).ok());
}

TEST_F(PinnedCa, RefusesAnotherBroker) {
  TestFederation stranger;
  EXPECT_EQ(FetchPinnedCa(Query(stranger.authority().ca_fingerprint())).status().code(), StatusCode::kUnauthenticated);
}

TEST_F(PinnedCa, RefusesWhatIsNoFingerprint) {
  EXPECT_EQ(FetchPinnedCa(Query("abc")).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(FetchPinnedCa(Query(std::string(64, 'g'))).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(PinnedCa, SaysWhenNobodyListens) {
  const PinnedCaQuery query = Query(federation_.authority().ca_fingerprint());
  server_.reset();
  EXPECT_EQ(FetchPinnedCa(query).status().code(), StatusCode::kUnavailable);
}

// The broker's name means nothing here: only the proxy leads to it.
class PinnedCaBehindProxy : public PinnedCa {
 protected:
  PinnedCaQuery QueryThrough(const std::string& url, const std::string& direct_hosts = "") {
    return {.address = kBroker,
            .fingerprint = federation_.authority().ca_fingerprint(),
            .proxy = {.url = url, .direct_hosts = direct_hosts}};
  }
  static constexpr char kBroker[] = "broker.invalid:7100";
};

TEST_F(PinnedCaBehindProxy, IsReachedThroughATunnel) {
  const ConnectProxy proxy(server_->port());
  EXPECT_EQ(FetchPinnedCa(QueryThrough(proxy.url())).value(), federation_.ca_pem());
  ASSERT_EQ(proxy.requests().size(), 1U);
  EXPECT_THAT(proxy.requests().front(), StartsWith("CONNECT broker.invalid:7100 HTTP/1."));
  EXPECT_THAT(proxy.requests().front(), Not(HasSubstr("Authorization")));
}

TEST_F(PinnedCaBehindProxy, IsStillToldFromAnotherBroker) {
  TestFederation stranger;
  const ConnectProxy proxy(server_->port());
  PinnedCaQuery query = QueryThrough(proxy.url());
  query.fingerprint = stranger.authority().ca_fingerprint();
  EXPECT_EQ(FetchPinnedCa(query).status().code(), StatusCode::kUnauthenticated);
}

TEST_F(PinnedCaBehindProxy, TheLoginOfTheUrlIsShown) {
  const ConnectProxy proxy(server_->port());
  EXPECT_TRUE(FetchPinnedCa(QueryThrough(proxy.url("ada:pass"))).ok());
  EXPECT_THAT(proxy.requests().front(), HasSubstr("Proxy-Authorization: Basic YWRhOnBhc3M="));
}

TEST_F(PinnedCaBehindProxy, SaysWhatTheProxySaid) {
  const ConnectProxy proxy(server_->port(), "HTTP/1.1 407 Proxy Authentication Required");
  const Status refused = FetchPinnedCa(QueryThrough(proxy.url())).status();
  EXPECT_EQ(refused.code(), StatusCode::kUnavailable);
  EXPECT_THAT(std::string(MessageOf(refused)), AllOf(HasSubstr("127.0.0.1:"), HasSubstr(kBroker), HasSubstr("407")));
}

TEST_F(PinnedCaBehindProxy, DirectHostsAreReachedWithoutIt) {
  const ConnectProxy proxy(server_->port());
  PinnedCaQuery query = QueryThrough(proxy.url(), "example.org,127.0.0.1");
  query.address = Query("").address;
  EXPECT_TRUE(FetchPinnedCa(query).ok());
  EXPECT_THAT(proxy.requests(), IsEmpty());
  query.proxy.direct_hosts = "example.org";
  EXPECT_TRUE(FetchPinnedCa(query).ok());
  EXPECT_THAT(proxy.requests(), SizeIs(1));
}

TEST(HttpProxy, EndsOfNamesAreDirectWhateverTheirCase) {
  const ProxySettings settings{.url = "http://proxy:3128", .direct_hosts = "localhost,.Example.org"};
  EXPECT_FALSE(ProxyFor("LOCALHOST", settings)->has_value());
  EXPECT_FALSE(ProxyFor("broker.example.ORG", settings)->has_value());
  EXPECT_TRUE(ProxyFor("example.org.evil.net", settings)->has_value());
  EXPECT_FALSE(ProxyFor("broker", {})->has_value());
}

TEST(HttpProxy, RefusesWhatIsNoHttpProxyAndKeepsItsPasswordToItself) {
  for (const char* url :
       {"https://ada:secret@proxy:3128", "socks5://ada:secret@proxy", "http://ada:secret@proxy:port"}) {
    const Status refused = ProxyFor("broker", {.url = url, .direct_hosts = ""}).status();
    EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument) << url;
    EXPECT_THAT(std::string(MessageOf(refused)), Not(HasSubstr("secret")));
  }
}

TEST(HttpProxy, TheEnvironmentIsReadInTheOrderOfGrpc) {
  {
    const ProxyEnvironment all{
        {"grpc_proxy", "http://a"}, {"https_proxy", "http://b"}, {"http_proxy", "http://c"}, {"no_proxy", "d"}};
    EXPECT_EQ(ReadProxySettings().url, "http://a");
    EXPECT_EQ(ReadProxySettings().direct_hosts, "d");
  }
  {
    const ProxyEnvironment some{
        {"grpc_proxy", ""}, {"https_proxy", "http://b"}, {"no_grpc_proxy", "e"}, {"no_proxy", "d"}};
    EXPECT_EQ(ReadProxySettings().url, "http://b");
    EXPECT_EQ(ReadProxySettings().direct_hosts, "e");
  }
  const ProxyEnvironment none{};
  EXPECT_EQ(ReadProxySettings().url, "");
}

}  // namespace
}  // namespace turnpike
