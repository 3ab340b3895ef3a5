#include "broker/core/ranked_class.h"

#include <algorithm>
#include <limits>

namespace turnpike {
namespace {

constexpr int64_t kNoKey = std::numeric_limits<int64_t>::max();

// Alone, so that the compiler sees a plain reduction.
int64_t LeastKey(const std::vector<int64_t>& keys) {
  int64_t least = kNoKey;
  for (const int64_t key : keys) {
    least = std::min(least, key);
  }
  return least;
}

int64_t LeastKeyNotBarred(const std::vector<int64_t>& keys, const std::vector<bool>& barred) {
  int64_t least = kNoKey;
  for (const int64_t key : keys) {
    if (key < least && !barred[ShareOfKey(key)]) {
      least = key;
    }
  }
  return least;
}

}  // namespace

RankedClass::RankedClass(const JobRequest& request, const MatchSetting& setting)
    : RankedClass(ObjectiveOf(request), FilterShares(request, setting), setting.policy) {}

RankedClass::RankedClass(Objective objective, const ClassShares& shares, const MatchPolicy& policy)
    : objective_(objective),
      policy_(policy),
      cheapest_micros_(shares.cheapest_micros),
      score_(objective, shares.cheapest_micros, policy),
      candidates_(Choosable(shares)),
      keys_(candidates_.size(), kNoKey) {
  for (const ClassShare& candidate : candidates_) {
    share_.push_back(candidate.share);
    price_points_.push_back(score_.PricePoints(candidate.fit.ceiling_micros));
  }
  for (uint32_t i = 0; i < shares.verdicts.size(); ++i) {
    if (shares.verdicts[i].refusal) {
      refusals_.push_back({.share = i, .reason = *shares.verdicts[i].refusal});
    }
  }
}

const ClassShare* RankedClass::Best(const RoundCapacity& capacity, const std::vector<bool>* barred) {
  Refresh(capacity);
  const int64_t least = barred == nullptr ? LeastKey(keys_) : LeastKeyNotBarred(keys_, *barred);
  if (least == kNoKey) {
    return nullptr;
  }
  const auto place = std::ranges::lower_bound(share_, ShareOfKey(least));
  return &candidates_[static_cast<size_t>(place - share_.begin())];
}

Score RankedClass::ScoreFor(const ClassShare& candidate, const RoundCapacity& capacity) const {
  return ScoreOf({.objective = objective_,
                  .wait = capacity.Wait(candidate),
                  .time_limit = candidate.fit.time_limit,
                  .ceiling_micros = candidate.fit.ceiling_micros,
                  .cheapest_micros = cheapest_micros_},
                 policy_);
}

std::vector<ShareRefusal> RankedClass::Refusals(const RoundCapacity& capacity) const {
  std::vector<ShareRefusal> refusals = refusals_;
  for (const ClassShare& candidate : candidates_) {
    // What has room and is refused all the same is paused for the project.
    const RefusalReason reason = capacity.Refusal(candidate).value_or(RefusalReason::kProjectPaused);
    refusals.push_back({.share = candidate.share, .reason = reason});
  }
  std::ranges::sort(refusals, {}, &ShareRefusal::share);
  return refusals;
}

void RankedClass::Refresh(const RoundCapacity& capacity) {
  if (seen_ == capacity.change()) {
    return;
  }
  for (size_t i = 0; i < share_.size(); ++i) {
    if (capacity.ChangeOf(share_[i]) > seen_) {
      const ClassShare& candidate = candidates_[i];
      const int64_t time_points = score_.TimePoints(capacity.Wait(candidate), candidate.fit.time_limit);
      keys_[i] = capacity.Refusal(candidate) ? kNoKey : PackKey(time_points + price_points_[i], candidate.share);
    }
  }
  seen_ = capacity.change();
}

}  // namespace turnpike
