// `turnpike sites`, over a broker made of functions.
#include "cli/sites_command.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include "tests/cli/fake_broker.h"

namespace turnpike {
namespace {

using ::testing::HasSubstr;

class SitesTest : public ::testing::Test {
 protected:
  template <class Request, class Response>
  void Answer(const std::string& method, const std::string& response) {
    fixture_.broker->On<Request, Response>(method, [response](const Request&) {
      Response message;
      EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(response, &message)) << response;
      return message;
    });
  }
  int Run(const SitesOptions& options) {
    const Result<int> code = RunSites(options, fixture_.context);
    status_ = code.status();
    return code.ok() ? *code : -1;
  }
  std::string out() const { return fixture_.out.str(); }

  CommandFixture fixture_;
  Status status_ = OkStatus();
};

TEST_F(SitesTest, ShowEveryShare) {
  Answer<v1::ListSitesRequest, v1::ListSitesResponse>("SiteService/ListSites", R"(
      sites { name: "alpha" state: SITE_STATE_ACTIVE connected: true region: "eu" scheduler: "slurm 22.05.8"
              network { broker { median { nanos: 1234567 } } }
              price_book_version: 2
              last_seen_time { seconds: 1799999990 }
              shares { name: "cpu" limits { time_limit_max { seconds: 86400 } }
                       load { nodes_idle: 3 nodes_total: 8 cores_idle: 96
                              cores_total: 256 jobs_waiting: 4 open: true } }
              shares { name: "gpu" limits { time_limit_max {} } node { accelerator_model: "a100" }
                       load { nodes_total: 2 cores_total: 64
                              accelerators_idle: 1 accelerators_total: 8 } } }
      sites { name: "beta" state: SITE_STATE_REGISTERED })");
  EXPECT_EQ(Run(SitesOptions{}), 0) << status_;
  EXPECT_EQ(out(),
            "SITE   STATE       SCHEDULER      REGION  ROUND TRIP       LAST SEEN  PRICES  SHARE         NODES(I/T)  "
            "CORES(I/T)  "
            "ACCEL(I/T)  WAITING"
            "       LIMIT\n"
            "alpha  ACTIVE      slurm 22.05.8  eu      1.2 ms (broker)  10 s ago   v2      cpu                  3/8    "
            "  96/256         "
            "           4"
            "  1-00:00:00\n"
            "alpha  ACTIVE      slurm 22.05.8  eu      1.2 ms (broker)  10 s ago   v2      gpu (closed)         0/2    "
            "    0/64    1/8 "
            "a100        0\n"
            "beta   REGISTERED                                          never      none\n");
  Answer<v1::GetSiteRequest, v1::GetSiteResponse>("SiteService/GetSite",
                                                  "site { name: 'alpha' state: SITE_STATE_ACTIVE }");
  EXPECT_EQ(Run(SitesOptions{.site = "alpha", .header = false}), 0);
  EXPECT_THAT(out(), HasSubstr("\nalpha  ACTIVE, away"));
}

TEST_F(SitesTest, ShowTheRoundTripFromWhereTheUserIs) {
  Answer<v1::ListSitesRequest, v1::ListSitesResponse>("SiteService/ListSites", R"(
      sites { name: "alpha" network { broker { median { nanos: 400000 } }
                                      regions { region: "cn-east" round_trip { nanos: 182400000 } pairs: 2 } } }
      sites { name: "beta" network { regions { region: "cn-east" } } }
      sites { name: "gamma" network { broker { median { nanos: 400000 } }
                                      regions { region: "eu" round_trip { nanos: 1 } pairs: 2 } } }
      sites { name: "delta" })");
  fixture_.region = "cn-east";
  EXPECT_EQ(Run(SitesOptions{.site = "", .header = false}), 0) << status_;
  EXPECT_THAT(out(), testing::ContainsRegex("alpha .* 182 ms  *never.*\nbeta .* in region  *never.*\n"
                                            "gamma .* 0\\.4 ms \\(broker\\)  *never.*\ndelta .*never"));
}

}  // namespace
}  // namespace turnpike
