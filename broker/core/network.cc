#include "broker/core/network.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace turnpike {
namespace {

using RegionAndSite = std::pair<std::string, SiteId>;

void AddPairs(std::span<const PairRoundTrip> pairs, const std::map<SiteId, std::string_view>& region_of, Timestamp now,
              std::map<RegionAndSite, std::vector<std::chrono::microseconds>>& measured) {
  for (const PairRoundTrip& pair : pairs) {
    const auto from = region_of.find(pair.from);
    const auto to = region_of.find(pair.to);
    if (!pair.round_trip || from == region_of.end() || to == region_of.end() || !IsFresh(pair.measured_at, now)) {
      continue;
    }
    for (const auto& [region, site_id] : {std::pair(from->second, pair.to), std::pair(to->second, pair.from)}) {
      if (!region.empty()) {
        measured[{std::string(region), site_id}].push_back(pair.round_trip->median);
      }
    }
  }
}

std::chrono::microseconds MiddleOf(std::vector<std::chrono::microseconds> times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>((times.size() - 1) / 2);
  std::ranges::nth_element(times, middle);
  return *middle;
}

}  // namespace

bool IsPlausible(const RoundTrip& round_trip) {
  return round_trip.shortest.count() > 0 && round_trip.shortest <= round_trip.median &&
         round_trip.median <= kRoundTripMax && round_trip.samples > 0;
}

bool IsFresh(Timestamp measured_at, Timestamp now) {
  return now - measured_at <= kMeasurementAgeMax;
}

NetworkView BuildNetworkView(std::span<const SiteOnNetwork> sites, std::span<const PairRoundTrip> pairs,
                             Timestamp now) {
  NetworkView view;
  std::map<SiteId, std::string_view> region_of;
  std::map<RegionAndSite, std::vector<std::chrono::microseconds>> measured;
  for (const SiteOnNetwork& site : sites) {
    region_of.emplace(site.site_id, site.region);
    if (!site.region.empty()) {
      measured[{site.region, site.site_id}];  // It stands for its region where no other site does.
    }
    if (site.broker && site.broker_measured_at && IsFresh(*site.broker_measured_at, now)) {
      view.brokers.push_back({.site_id = site.site_id, .median = site.broker->median});
    }
  }
  AddPairs(pairs, region_of, now, measured);
  for (auto& [key, times] : measured) {
    const auto count = static_cast<int32_t>(times.size());
    view.regions.push_back({.region = key.first,
                            .site_id = key.second,
                            .median = times.empty() ? std::chrono::microseconds(0) : MiddleOf(std::move(times)),
                            .pairs = count});
  }
  std::ranges::sort(view.brokers, {}, &BrokerRoundTrip::site_id);
  return view;
}

std::optional<KnownRoundTrip> FindRoundTrip(const NetworkView* network, std::string_view region, SiteId site_id) {
  if (network == nullptr) {
    return std::nullopt;
  }
  const auto from_region = std::ranges::lower_bound(
      network->regions, std::tie(region, site_id), {},
      [](const RegionRoundTrip& known) { return std::tuple<std::string_view, SiteId>(known.region, known.site_id); });
  if (from_region != network->regions.end() && from_region->region == region && from_region->site_id == site_id) {
    return KnownRoundTrip{.median = from_region->median, .source = KnownRoundTrip::Source::kRegion};
  }
  const auto broker = std::ranges::lower_bound(network->brokers, site_id, {}, &BrokerRoundTrip::site_id);
  if (broker != network->brokers.end() && broker->site_id == site_id) {
    return KnownRoundTrip{.median = broker->median, .source = KnownRoundTrip::Source::kBroker};
  }
  return std::nullopt;
}

}  // namespace turnpike
