// Two sites, one of which answers to probes: what their agents measure reaches users, and decides where a job may go.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/e2e/eventually.h"
#include "tests/e2e/federation.h"
#include "tests/e2e/free_port.h"

namespace turnpike {
namespace {

constexpr int kExitNoSiteFits = 6;

class NetworkOfSites : public testing::Test {
 protected:
  void SetUp() override {
    federation_ = std::make_unique<Federation>(Federation::Settings{.local_site = false});
    const Status started = federation_->StartBroker();
    ASSERT_TRUE(started.ok()) << MessageOf(started);
    // What answers for alpha is the broker's own port: any that accepts connections will do.
    const std::string address = federation_->user_address();
    const std::string port = address.substr(address.rfind(':'));
    const std::string network = "  probe: any\n  report_seconds: 1\n  probe_seconds: 1\n";
    Add({.name = "alpha",
         .scheduler_yaml = ProcessScheduler(4),
         .region = "cn-east",
         .network_yaml = network + "  probe_address: 127.0.0.1" + port + "\n"});
    Add({.name = "beta", .scheduler_yaml = ProcessScheduler(4), .region = "eu", .network_yaml = network});
  }
  void TearDown() override {
    if (HasFailure() && federation_ != nullptr) {
      ADD_FAILURE() << "the broker's log ends with:\n" << federation_->broker().LogTail();
    }
  }
  void Add(SiteSettings settings) {
    const Result<SiteAgent*> site = federation_->AddSite(std::move(settings));
    ASSERT_TRUE(site.ok()) << MessageOf(site.status());
  }

  v1::SiteNetwork NetworkOf(const std::string& site) {
    const Result<std::unique_ptr<Client>> client = federation_->MakeClient();
    EXPECT_TRUE(client.ok());
    v1::GetSiteRequest request;
    request.set_site(site);
    const Result<v1::GetSiteResponse> response = (*client)->GetSite(request);
    EXPECT_TRUE(response.ok()) << MessageOf(response.status());
    return response.ok() ? response->site().network() : v1::SiteNetwork();
  }
  bool IsMeasuredFrom(const std::string& region, const std::string& site) {
    const v1::SiteNetwork network = NetworkOf(site);
    return std::ranges::any_of(network.regions(), [&](const v1::RegionRoundTrip& known) {
      return known.region() == region && known.pairs() == 1 && known.round_trip().nanos() > 0;
    });
  }
  ChildResult Run(std::vector<std::string> words) {
    const Result<ChildResult> result = federation_->RunCommand(std::move(words));
    EXPECT_TRUE(result.ok()) << MessageOf(result.status());
    return result.value_or(ChildResult{.exit_code = -1, .output = {}, .error_output = {}});
  }

  std::unique_ptr<Federation> federation_;
};

TEST_F(NetworkOfSites, DecidesWhetherAJobThatWantsAShortWayIsTaken) {
  ASSERT_TRUE(Eventually([&] { return NetworkOf("alpha").has_broker() && NetworkOf("beta").has_broker(); }));
  ASSERT_TRUE(Eventually([&] { return IsMeasuredFrom("eu", "alpha"); })) << NetworkOf("alpha").ShortDebugString();
  EXPECT_TRUE(IsMeasuredFrom("cn-east", "beta")) << "the way back is as long";

  const ChildResult near = Run({"submit", "--wait", "--site=alpha", "--user-region=eu", "--round-trip-max=30s",
                                "--job-name=near", "--time=5", "--", "/bin/echo", "near"});
  EXPECT_EQ(near.exit_code, 0) << near.error_output;
  EXPECT_EQ(near.output, "near\n");

  const ChildResult far =
      Run({"submit", "--site=alpha", "--user-region=eu", "--round-trip-max=1us", "--time=5", "--", "/bin/true"});
  EXPECT_EQ(far.exit_code, kExitNoSiteFits) << far.output;
  EXPECT_NE(far.error_output.find("round trip of "), std::string::npos) << far.error_output;
  EXPECT_NE(far.error_output.find("from region eu, the job allows 0.001 ms"), std::string::npos) << far.error_output;
  EXPECT_NE(far.error_output.find("--round-trip-max=1ms"), std::string::npos)
      << "what to change is not said: " << far.error_output;

  const ChildResult quote =
      Run({"quote", "--site=alpha", "--user-region=eu", "--round-trip-max=1us", "--time=5", "--", "/bin/true"});
  EXPECT_EQ(quote.exit_code, kExitNoSiteFits) << quote.output;
  EXPECT_NE(quote.output.find("at most 0.001 ms"), std::string::npos) << quote.output << quote.error_output;

  const ChildResult sites = Run({"sites"});
  EXPECT_NE(sites.output.find("ROUND TRIP"), std::string::npos) << sites.output;
  EXPECT_NE(sites.output.find(" ms (broker)"), std::string::npos) << sites.output;
}

}  // namespace
}  // namespace turnpike
