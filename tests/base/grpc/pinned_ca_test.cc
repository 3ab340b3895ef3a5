#include "base/grpc/pinned_ca.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "tests/base/grpc/loopback_link.h"
#include "tests/base/grpc/test_federation.h"

namespace turnpike {
namespace {

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

}  // namespace
}  // namespace turnpike
