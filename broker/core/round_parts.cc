#include "broker/core/round_parts.h"

#include <algorithm>
#include <span>

#include "broker/core/round_fields.h"

namespace turnpike {
namespace {

// More of one part than any federation has: a damaged number ends here.
constexpr int64_t kValuesMax = int64_t{1} << 24U;

template <class T>
std::vector<std::string> Encode(std::span<const T> values) {
  std::vector<std::string> encoded;
  encoded.reserve(values.size());
  for (const T& value : values) {
    ByteWriter out;
    PutField(out, value);
    encoded.push_back(out.Take());
  }
  return encoded;
}

template <class T>
Status Decode(const std::vector<std::string>& encoded, std::vector<T>& values) {
  for (const std::string& bytes : encoded) {
    ByteReader in(bytes);
    TakeField(in, values.emplace_back());
    if (!in.finished()) {
      return DataLoss("a recorded round is damaged: {} bytes are no value of their part", bytes.size());
    }
  }
  return OkStatus();
}

const std::vector<std::string>& Of(const RoundParts& parts, RoundPart part) {
  return parts[static_cast<size_t>(part)];
}

// The matcher goes by these without looking.
Status CheckPlaces(const RoundInput& input) {
  const FederationView& view = input.federation;
  const bool shares_fit = std::ranges::all_of(view.shares, [&](const ShareView& share) {
    return share.site < view.sites.size() && share.pool < view.pools.size();
  });
  const bool pauses_fit =
      std::ranges::all_of(input.pauses, [&](const SharePause& pause) { return pause.share < view.shares.size(); });
  return shares_fit && pauses_fit && view.shares.size() <= kSharesMax
             ? OkStatus()
             : DataLoss("a recorded round names a site, pool or share that it lacks");
}

void PutValues(ByteWriter& out, const std::vector<std::string>& before, const std::vector<std::string>& after) {
  const auto last = [&](size_t i) { return i < before.size() ? std::string_view(before[i]) : std::string_view(); };
  std::vector<size_t> changed;
  for (size_t i = 0; i < after.size(); ++i) {
    if (i >= before.size() || before[i] != after[i]) {
      changed.push_back(i);
    }
  }
  out.Int(static_cast<int64_t>(after.size())).Int(static_cast<int64_t>(changed.size()));
  size_t place = 0;
  for (const size_t i : changed) {
    out.Int(static_cast<int64_t>(i - place));
    PutChange(out, last(i), after[i]);
    place = i;
  }
}

bool TakeValues(ByteReader& in, std::vector<std::string>& values) {
  const int64_t size = in.Int();
  if (size < 0 || size > kValuesMax) {
    return false;
  }
  values.resize(static_cast<size_t>(size));
  size_t place = 0;
  for (int64_t left = in.Int(); left > 0 && in.ok(); --left) {
    place += static_cast<size_t>(in.Int());
    if (place >= values.size() || !TakeChange(in, values[place])) {
      return false;
    }
  }
  return in.ok();
}

}  // namespace

MatchSetting SettingOf(const RoundInput& input) {
  return {.federation = input.federation,
          .price_lists = input.price_lists,
          .policy = input.policy,
          .now = input.now,
          .pauses = input.pauses,
          .standings = input.standings,
          .network = &input.network};
}

// Who adds an input to MatchSetting or to FederationView is stopped here: it needs a RoundPart, and its line in
// InputOf.
RoundParts PartsOf(const MatchSetting& setting) {
  const auto& [federation, price_lists, policy, now, pauses, standings, network] = setting;
  const auto& [sites, pools, shares] = federation;
  const NetworkView nothing;
  const auto& [regions, brokers] = network == nullptr ? nothing : *network;
  return {Encode(std::span(&policy, 1)), Encode(std::span(sites)), Encode(std::span(pools)), Encode(std::span(shares)),
          Encode(price_lists),           Encode(pauses),           Encode(standings),        Encode(std::span(regions)),
          Encode(std::span(brokers))};
}

Result<RoundInput> InputOf(const RoundParts& parts, Timestamp now) {
  RoundInput input;
  std::vector<MatchPolicy> policies;
  RETURN_IF_ERROR(Decode(Of(parts, RoundPart::kPolicy), policies));
  RETURN_IF_ERROR(Decode(Of(parts, RoundPart::kSites), input.federation.sites));
  RETURN_IF_ERROR(Decode(Of(parts, RoundPart::kPools), input.federation.pools));
  RETURN_IF_ERROR(Decode(Of(parts, RoundPart::kShares), input.federation.shares));
  RETURN_IF_ERROR(Decode(Of(parts, RoundPart::kPriceLists), input.price_lists));
  RETURN_IF_ERROR(Decode(Of(parts, RoundPart::kPauses), input.pauses));
  RETURN_IF_ERROR(Decode(Of(parts, RoundPart::kStandings), input.standings));
  RETURN_IF_ERROR(Decode(Of(parts, RoundPart::kRegions), input.network.regions));
  RETURN_IF_ERROR(Decode(Of(parts, RoundPart::kBrokers), input.network.brokers));
  if (policies.size() != 1) {
    return DataLoss("a recorded round has {} policies instead of one", policies.size());
  }
  input.policy = policies.front();
  input.now = now;
  RETURN_IF_ERROR(CheckPlaces(input));
  return input;
}

// Figures change in the middle of what names them.
void PutChange(ByteWriter& out, std::string_view before, std::string_view after) {
  const auto most = static_cast<std::ptrdiff_t>(std::min(before.size(), after.size()));
  const auto front = std::mismatch(before.begin(), before.begin() + most, after.begin()).first - before.begin();
  const auto back =
      std::mismatch(before.rbegin(), before.rbegin() + (most - front), after.rbegin()).first - before.rbegin();
  out.Int(front).Int(back).Text(
      after.substr(static_cast<size_t>(front), after.size() - static_cast<size_t>(front + back)));
}

void PutChange(ByteWriter& out, const RoundParts& before, const RoundParts& after) {
  for (size_t part = 0; part < kRoundParts; ++part) {
    PutValues(out, before[part], after[part]);
  }
}

bool TakeChange(ByteReader& in, std::string& value) {
  const int64_t front = in.Int();
  const int64_t back = in.Int();
  const std::string middle = in.Text();
  const auto size = static_cast<int64_t>(value.size());
  if (!in.ok() || front < 0 || back < 0 || front > size || back > size - front) {
    return false;
  }
  value.replace(static_cast<size_t>(front), static_cast<size_t>(size - back - front), middle);
  return true;
}

bool TakeChange(ByteReader& in, RoundParts& parts) {
  return std::ranges::all_of(parts, [&](std::vector<std::string>& values) { return TakeValues(in, values); });
}

}  // namespace turnpike
