#pragma once
// What a round of placement takes beside the jobs that wait, in pieces of bytes: so that a record says only what is
// other than in the one before it.  Pure.

#include <array>
#include <string>
#include <vector>

#include "base/byte_codec.h"
#include "base/status.h"
#include "broker/core/matcher.h"

namespace turnpike {

enum class RoundPart : uint8_t {
  kPolicy,
  kSites,
  kPools,
  kShares,
  kPriceLists,
  kPauses,
  kStandings,
  kRegions,
  kBrokers
};
constexpr size_t kRoundParts = 9;
// Of each part its values, in the order in which the round has them.
using RoundParts = std::array<std::vector<std::string>, kRoundParts>;

// MatchSetting, owned.
struct RoundInput {
  FederationView federation;
  std::vector<PriceList> price_lists;
  MatchPolicy policy;
  Timestamp now{};
  std::vector<SharePause> pauses;
  std::vector<ProjectStanding> standings;
  NetworkView network;
};
MatchSetting SettingOf(const RoundInput& input);

// All of it but the time, which each record has for itself.
RoundParts PartsOf(const MatchSetting& setting);
Result<RoundInput> InputOf(const RoundParts& parts, Timestamp now);

// What makes `after` of `before`.
void PutChange(ByteWriter& out, std::string_view before, std::string_view after);
void PutChange(ByteWriter& out, const RoundParts& before, const RoundParts& after);
// Makes the same change to what stood before; false: it does not fit, or is damaged.
bool TakeChange(ByteReader& in, std::string& value);
bool TakeChange(ByteReader& in, RoundParts& parts);

}  // namespace turnpike
