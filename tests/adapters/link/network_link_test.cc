// What an agent measures of the network, and tells a broker that does what the test says, over real TLS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "adapters/link/sync_client.h"
#include "tests/adapters/link/desired_attempts.h"
#include "tests/adapters/link/fake_broker.h"
#include "tests/adapters/link/test_agent.h"

namespace turnpike {
namespace {

class NetworkLink : public testing::Test {
 protected:
  NetworkLink() { certificates_.Enroll(IdentityStore(folder_.path()), certificates_.now()); }

  TestAgentOptions Options() { return {.folder = folder_.path(), .address = broker_.address()}; }

  TestCertificates certificates_;
  ScratchFolder folder_;
  FakeBroker broker_{certificates_};
  FakeScheduler scheduler_{TestUser()};
};

// The newest report of the network that fulfils a condition, waited for.
template <class Condition>
v1::NetworkReport WaitForNetwork(FakeSession& session, const Condition& condition) {
  v1::NetworkReport found;
  EXPECT_TRUE(session.WaitFor([&](const std::vector<v1::SynchronizeRequest>& messages) {
    return std::ranges::any_of(messages, [&](const v1::SynchronizeRequest& message) {
      const bool fits = message.has_network() && condition(message.network());
      if (fits) {
        found = message.network();
      }
      return fits;
    });
  }));
  return found;
}

TEST_F(NetworkLink, MeasuresTheWayToABrokerThatAnswersItsPings) {
  TestAgentOptions options = Options();
  options.probe_address = "198.51.100.7:22";
  TestAgent agent(options, scheduler_);
  agent.Start();
  FakeSession& session = broker_.Session(0);
  v1::SynchronizeResponse welcome = WelcomeOf({});
  welcome.mutable_welcome()->add_capabilities("network");
  session.Send(welcome);
  EXPECT_EQ(WaitForNetwork(session, [](const auto&) { return true; }).probe_address(), "198.51.100.7:22");
  int64_t number = 0;
  ASSERT_TRUE(session.WaitFor([&](const auto& messages) {
    for (const v1::SynchronizeRequest& message : messages) {
      number = message.has_ping() ? message.ping().number() : number;
    }
    return number > 0;
  }));
  v1::SynchronizeResponse pong;
  pong.mutable_pong()->set_number(number);
  session.Send(pong);
  const v1::NetworkReport report = WaitForNetwork(session, [](const auto& one) { return one.has_broker(); });
  EXPECT_EQ(report.broker().samples(), 1);
  EXPECT_GT(report.broker().median().nanos(), 0);
  EXPECT_EQ(report.broker().median().nanos(), report.broker().shortest().nanos());
}

TEST_F(NetworkLink, MeasuresTheSitesThatTheBrokerNames) {
  TestAgent agent(Options(), scheduler_);
  agent.Start();
  FakeSession& session = broker_.Session(0);
  v1::SynchronizeResponse welcome = WelcomeOf({});
  welcome.mutable_welcome()->add_capabilities("network");
  session.Send(welcome);
  v1::SynchronizeResponse targets;
  v1::ProbeTarget& target = *targets.mutable_probe_targets()->add_targets();
  target.set_site("beta");
  target.set_address("127.0.0.1:22");
  session.Send(targets);
  const v1::NetworkReport report = WaitForNetwork(session, [](const auto& one) { return one.sites_size() > 0; });
  ASSERT_EQ(report.sites_size(), 1);
  EXPECT_EQ(report.sites(0).site(), "beta");
  EXPECT_EQ(report.sites(0).round_trip().median().nanos(), 7'000);
  EXPECT_FALSE(report.sites(0).unreachable());
}

TEST_F(NetworkLink, SaysNothingOfTheNetworkToABrokerThatDoesNotKnowOfIt) {
  TestAgent agent(Options(), scheduler_);
  agent.Start();
  FakeSession& session = broker_.Session(0);
  session.Send(WelcomeOf({}));
  // What it would send comes before its third capacity.
  ASSERT_TRUE(session.WaitFor([](const std::vector<v1::SynchronizeRequest>& messages) {
    return std::ranges::count_if(messages, &v1::SynchronizeRequest::has_capacity) >= 3;
  }));
  for (const v1::SynchronizeRequest& message : session.received()) {
    EXPECT_FALSE(message.has_ping() || message.has_network()) << message.ShortDebugString();
  }
}

}  // namespace
}  // namespace turnpike
