#include "broker/rpc/convert_network.h"

#include <algorithm>

#include "base/numeric_address.h"
#include "broker/rpc/convert_time.h"

namespace turnpike {
namespace {

constexpr int32_t kSamplesMax = 1'000'000;
constexpr size_t kNameBytesMax = 40;  // of a site

std::optional<RoundTrip> RoundTripFrom(bool present, const v1::RoundTrip& in) {
  const RoundTrip round_trip{.shortest = FromProto(in.shortest()),
                             .median = FromProto(in.median()),
                             .samples = std::min(in.samples(), kSamplesMax)};
  return present && IsPlausible(round_trip) ? std::optional(round_trip) : std::nullopt;
}

bool IsSiteName(const std::string& name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

v1::RoundTrip ToProto(const RoundTrip& round_trip) {
  v1::RoundTrip out;
  *out.mutable_shortest() = turnpike::ToProto(Duration(round_trip.shortest));
  *out.mutable_median() = turnpike::ToProto(Duration(round_trip.median));
  out.set_samples(round_trip.samples);
  return out;
}

}  // namespace

NetworkMeasured FromProto(const v1::NetworkReport& report) {
  NetworkMeasured measured;
  measured.number = report.number();
  measured.broker = RoundTripFrom(report.has_broker(), report.broker());
  if (report.upload_bytes_per_second() > 0 && report.upload_bytes_per_second() <= kBytesPerSecondMax) {
    measured.upload_bytes_per_second = report.upload_bytes_per_second();
  }
  if (ParseNumericAddress(report.probe_address())) {
    measured.probe_address = report.probe_address();
  }
  for (const v1::ProbedSite& probed : report.sites()) {
    NetworkMeasured::Pair pair{.site = probed.site(),
                               .round_trip = RoundTripFrom(probed.has_round_trip(), probed.round_trip()),
                               .age = FromProto(probed.age())};
    const bool says_something = probed.unreachable() != pair.round_trip.has_value();
    const bool in_time = pair.age >= Duration(0) && pair.age <= kMeasurementAgeMax;
    if (IsSiteName(pair.site) && says_something && in_time && measured.pairs.size() < kProbeTargetsMax) {
      measured.pairs.push_back(std::move(pair));
    }
  }
  return measured;
}

v1::ProbeTargets ToProto(const std::vector<ProbeTarget>& targets) {
  v1::ProbeTargets out;
  for (const ProbeTarget& target : targets) {
    v1::ProbeTarget& line = *out.add_targets();
    line.set_site(target.site);
    line.set_address(target.address);
  }
  return out;
}

v1::SiteNetwork NetworkToProto(const SiteRecord& site, const NetworkView* network, Timestamp now) {
  v1::SiteNetwork out;
  const SiteNetworkRecord& record = site.network;
  if (record.broker && record.broker_at && IsFresh(*record.broker_at, now)) {
    *out.mutable_broker() = ToProto(*record.broker);
  }
  if (record.upload_at && IsFresh(*record.upload_at, now)) {
    out.set_upload_bytes_per_second(record.upload_bytes_per_second);
  }
  out.set_probe_address(record.probe_address);
  for (const RegionRoundTrip& region : network == nullptr ? std::vector<RegionRoundTrip>() : network->regions) {
    if (region.site_id == site.site_id) {
      v1::RegionRoundTrip& line = *out.add_regions();
      line.set_region(region.region);
      *line.mutable_round_trip() = turnpike::ToProto(Duration(region.median));
      line.set_pairs(region.pairs);
    }
  }
  return out;
}

}  // namespace turnpike
