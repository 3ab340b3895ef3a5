// What a site says of the network is taken as far as it can be true.
#include "broker/rpc/convert_network.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include "base/check.h"

namespace turnpike {
namespace {

NetworkMeasured Read(const std::string& text) {
  v1::NetworkReport report;
  CHECK(google::protobuf::TextFormat::ParseFromString(text, &report));
  return FromProto(report);
}

const std::string kPlausible = "{ shortest { nanos: 1000000 } median { nanos: 2000000 } samples: 3 }";

TEST(ConvertNetwork, TakesWhatCanBeTrue) {
  const NetworkMeasured measured =
      Read("number: 7 broker " + kPlausible + R"( upload_bytes_per_second: 5000000 probe_address: "[2001:db8::7]:22"
           sites { site: "beta" round_trip )" +
           kPlausible + R"( age { seconds: 9 } } sites { site: "gamma" unreachable: true })");
  EXPECT_EQ(measured.number, 7);
  const RoundTrip round_trip{
      .shortest = std::chrono::milliseconds(1), .median = std::chrono::milliseconds(2), .samples = 3};
  EXPECT_EQ(measured.broker, round_trip);
  EXPECT_EQ(measured.upload_bytes_per_second, 5'000'000);
  EXPECT_EQ(measured.probe_address, "[2001:db8::7]:22");
  ASSERT_EQ(measured.pairs.size(), 2U);
  EXPECT_EQ(measured.pairs[0].site, "beta");
  EXPECT_EQ(measured.pairs[0].round_trip, round_trip);
  EXPECT_EQ(measured.pairs[0].age, std::chrono::seconds(9));
  EXPECT_EQ(measured.pairs[1].site, "gamma");
  EXPECT_FALSE(measured.pairs[1].round_trip);
}

TEST(ConvertNetwork, LeavesOutWhatCannot) {
  for (const char* broker : {"{ }", "{ shortest { nanos: -1 } median { nanos: 5000 } samples: 1 }",
                             "{ shortest { nanos: 9000 } median { nanos: 5000 } samples: 1 }",
                             "{ shortest { nanos: 1000 } median { seconds: 61 } samples: 1 }",
                             "{ shortest { nanos: 1000 } median { seconds: 9223372036854775807 } samples: 1 }",
                             "{ shortest { nanos: 1000 } median { nanos: 5000 } samples: -1 }"}) {
    EXPECT_FALSE(Read(std::string("broker ") + broker).broker) << broker;
  }
  EXPECT_FALSE(Read("upload_bytes_per_second: -1").upload_bytes_per_second);
  EXPECT_FALSE(Read("upload_bytes_per_second: 9223372036854775807").upload_bytes_per_second);
  EXPECT_EQ(Read(R"(probe_address: "login.example.org:22")").probe_address, "");
  EXPECT_EQ(Read(R"(probe_address: "'; DROP TABLE site")").probe_address, "");
  const std::string round_trip = " round_trip " + kPlausible;
  for (const std::string& pair :
       {"site: '' " + round_trip, "site: 'beta\\000' " + round_trip,
        "site: '" + std::string(41, 'a') + "'" + round_trip, std::string("site: 'beta'"),
        "site: 'beta' unreachable: true" + round_trip, "site: 'beta' age { seconds: -1 }" + round_trip,
        "site: 'beta' age { seconds: 1801 }" + round_trip}) {
    EXPECT_TRUE(Read("sites { " + pair + " }").pairs.empty()) << pair;
  }
}

TEST(ConvertNetwork, TakesNoMoreSitesThanItTellsAnAgentToMeasure) {
  std::string text;
  for (int i = 0; i < 300; ++i) {
    text += fmt::format("sites {{ site: 's{}' unreachable: true }} ", i);
  }
  EXPECT_EQ(Read(text).pairs.size(), kProbeTargetsMax);
}

TEST(ConvertNetwork, ShowsASitesFreshFiguresAndNoOthers) {
  const Timestamp now = TimestampFromSeconds(1'800'000'000);
  SiteRecord site;
  site.site_id = SiteId(Uuid{.bytes = {1}});
  site.network = {
      .broker =
          RoundTrip{.shortest = std::chrono::milliseconds(1), .median = std::chrono::milliseconds(2), .samples = 3},
      .broker_at = now,
      .upload_bytes_per_second = 5,
      .upload_at = now - kMeasurementAgeMax - Duration(1),
      .probe_address = "1.1.1.1:22"};
  NetworkView view;
  view.regions = {{.region = "cn-east", .site_id = site.site_id, .median = std::chrono::milliseconds(180), .pairs = 2},
                  {.region = "eu", .site_id = SiteId(Uuid{.bytes = {2}}), .median = {}, .pairs = 0}};
  const v1::SiteNetwork shown = NetworkToProto(site, &view, now);
  EXPECT_EQ(shown.broker().median().nanos(), 2'000'000);
  EXPECT_EQ(shown.broker().samples(), 3);
  EXPECT_EQ(shown.upload_bytes_per_second(), 0) << "it is too old";
  ASSERT_EQ(shown.regions_size(), 1) << shown.ShortDebugString();
  EXPECT_EQ(shown.regions(0).region(), "cn-east");
  EXPECT_EQ(shown.regions(0).round_trip().nanos(), 180'000'000);
  EXPECT_EQ(shown.regions(0).pairs(), 2);
  EXPECT_FALSE(NetworkToProto(site, nullptr, now + kMeasurementAgeMax + Duration(1)).has_broker());
}

}  // namespace
}  // namespace turnpike
