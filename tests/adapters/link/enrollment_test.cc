// An agent meets a broker's user port for the first time.
#include "adapters/link/enrollment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/adapters/link/enroll_service.h"
#include "tests/base/grpc/connect_proxy.h"

namespace turnpike {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

class Enrollment : public testing::Test {
 protected:
  EnrollmentOrder Order() {
    EnrollmentOrder order;
    order.broker = service_.address();
    order.ca_fingerprint = certificates_.authority().ca_fingerprint();
    order.token = kToken;
    order.retry_delay = std::chrono::milliseconds(1);
    return order;
  }

  TestCertificates certificates_;
  EnrollService service_{certificates_};
  ScratchFolder folder_;
  IdentityStore store_{folder_.path()};
  StopSignal stop_;
};

TEST_F(Enrollment, TurnsATokenIntoAnIdentity) {
  const Result<AgentIdentityFiles> identity = Enroll(Order(), store_, stop_);
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(identity->site, "alpha");
  EXPECT_EQ(identity->agent_address, "broker.example:7443");
  ASSERT_EQ(identity->certificate.uri_names.size(), 1U);
  EXPECT_EQ(certificates_.authority().IdentityOf(identity->certificate.uri_names[0]).value(), kTestAgent);
}

TEST_F(Enrollment, ComesAgainWithTheSameKeyAfterALostAnswer) {
  service_.LoseAnswers(2);
  ASSERT_TRUE(Enroll(Order(), store_, stop_).ok());
  EXPECT_EQ(service_.calls(), 3);
  EXPECT_EQ(service_.keys_seen(), 1U);
}

TEST_F(Enrollment, ComesAgainWithTheSameKeyInALaterRun) {
  service_.LoseAnswers(1);
  EnrollmentOrder once = Order();
  once.tries_max = 1;
  EXPECT_EQ(Enroll(once, store_, stop_).status().code(), StatusCode::kUnavailable);
  EXPECT_FALSE(store_.is_enrolled());
  ASSERT_TRUE(Enroll(once, IdentityStore(folder_.path()), stop_).ok());
  EXPECT_EQ(service_.keys_seen(), 1U);
}

TEST_F(Enrollment, GoesThroughTheProxyOfTheEnvironmentFromTheFirstByte) {
  const ConnectProxy proxy(service_.port());
  const ProxyEnvironment environment{{"grpc_proxy", proxy.url()}};
  const Result<AgentIdentityFiles> identity = Enroll(Order(), store_, stop_);
  ASSERT_TRUE(identity.ok()) << identity.status();
  ASSERT_THAT(proxy.requests(), SizeIs(2)) << "one for the CA, one for the call";
  for (const std::string& request : proxy.requests()) {
    EXPECT_THAT(request, StartsWith("CONNECT " + service_.address() + " "));
  }
}

TEST_F(Enrollment, GivesUpAtOnceWhereTheTokenIsRefused) {
  EnrollmentOrder order = Order();
  order.token = "another";
  const Result<AgentIdentityFiles> identity = Enroll(order, store_, stop_);
  EXPECT_EQ(identity.status().code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(service_.calls(), 1);
  EXPECT_FALSE(store_.is_enrolled());
}

TEST_F(Enrollment, ShowsItsTokenToNobodyWithAnotherCa) {
  TestCertificates stranger;
  EnrollmentOrder order = Order();
  order.ca_fingerprint = stranger.authority().ca_fingerprint();
  EXPECT_EQ(Enroll(order, store_, stop_).status().code(), StatusCode::kUnauthenticated);
  EXPECT_EQ(service_.calls(), 0);
}

TEST_F(Enrollment, ChecksACaFileAgainstTheFingerprint) {
  EnrollmentOrder order = Order();
  order.ca_file = certificates_.ca_path();
  order.ca_fingerprint = TestCertificates().authority().ca_fingerprint();
  EXPECT_EQ(Enroll(order, store_, stop_).status().code(), StatusCode::kUnauthenticated);
  order.ca_fingerprint = certificates_.authority().ca_fingerprint();
  EXPECT_TRUE(Enroll(order, store_, stop_).ok());
}

TEST_F(Enrollment, LeavesAnIdentityThatIsThereAlone) {
  ASSERT_TRUE(Enroll(Order(), store_, stop_).ok());
  const Result<AgentIdentityFiles> again = Enroll(Order(), store_, stop_);
  EXPECT_EQ(again.status().code(), StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(MessageOf(again.status())), HasSubstr(store_.folder()));
  EXPECT_EQ(service_.calls(), 1);
}

}  // namespace
}  // namespace turnpike
