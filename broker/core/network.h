#pragma once
// What was measured of the network, and what of it stands for the way between a user's region and a site.  Pure.
// Nobody measures from where users are: the sites of their region do it for them.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace turnpike {

constexpr std::chrono::microseconds kRoundTripMax = std::chrono::seconds(60);  // what is longer cannot be true
constexpr int64_t kBytesPerSecondMax = int64_t{1} << 40U;                      // the same of throughput
constexpr std::chrono::minutes kMeasurementAgeMax{30};                         // older ones count as unknown
constexpr size_t kProbeTargetsMax = 256;                                       // other sites that one site measures

// Over the newest measurements.
struct RoundTrip {
  std::chrono::microseconds shortest{0};
  std::chrono::microseconds median{0};
  int32_t samples = 0;
  friend bool operator==(const RoundTrip&, const RoundTrip&) = default;
};
// Above zero, in order, and no longer than kRoundTripMax.
bool IsPlausible(const RoundTrip& round_trip);
bool IsFresh(Timestamp measured_at, Timestamp now);

// A site, as far as round trips go.
struct SiteOnNetwork {
  SiteId site_id;
  std::string region;                             // empty: unknown
  std::optional<RoundTrip> broker;                // between it and its broker
  std::optional<Timestamp> broker_measured_at{};  // with broker
};

// From one site to another's probe address.
struct PairRoundTrip {
  SiteId from;
  SiteId to;
  std::optional<RoundTrip> round_trip;  // nullopt: nothing answered
  Timestamp measured_at{};
};

// The usual round trip between a region's sites and a site.
struct RegionRoundTrip {
  std::string region;
  SiteId site_id;
  std::chrono::microseconds median{0};
  int32_t pairs = 0;  // of sites that it is of; 0: the site is alone in the region and stands for it
  friend bool operator==(const RegionRoundTrip&, const RegionRoundTrip&) = default;
};
struct BrokerRoundTrip {
  SiteId site_id;
  std::chrono::microseconds median{0};
  friend bool operator==(const BrokerRoundTrip&, const BrokerRoundTrip&) = default;
};

// All that is known and fresh at one moment.
struct NetworkView {
  std::vector<RegionRoundTrip> regions;  // by region, then site
  std::vector<BrokerRoundTrip> brokers;  // by site
  friend bool operator==(const NetworkView&, const NetworkView&) = default;
};

// A pair counts for the regions of both its ends: the way back is as long.  Of several pairs the one in the middle
// counts, so that one bad line speaks for nobody else.
NetworkView BuildNetworkView(std::span<const SiteOnNetwork> sites, std::span<const PairRoundTrip> pairs, Timestamp now);

// How far a site is from users of a region, and whose word that is.
struct KnownRoundTrip {
  enum class Source { kRegion, kBroker };
  std::chrono::microseconds median{0};
  Source source = Source::kRegion;
  friend bool operator==(const KnownRoundTrip&, const KnownRoundTrip&) = default;
};
// Where nothing is known of the region, or the region itself is not, the way between broker and site is the bound:
// what a user says comes through the broker.
std::optional<KnownRoundTrip> FindRoundTrip(const NetworkView* network, std::string_view region, SiteId site_id);

}  // namespace turnpike
