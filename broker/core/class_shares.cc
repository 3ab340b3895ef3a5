#include "broker/core/class_shares.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace turnpike {
namespace {

int64_t CheapestOf(const std::vector<FilterVerdict>& verdicts) {
  int64_t cheapest = std::numeric_limits<int64_t>::max();
  for (const FilterVerdict& verdict : verdicts) {
    if (!verdict.refusal) {
      cheapest = std::min(cheapest, verdict.fit.ceiling_micros);
    }
  }
  return cheapest;
}

int64_t WorkOf(const ClassShare& candidate) {
  int64_t work = 0;
  if (__builtin_mul_overflow(candidate.fit.need.amounts.cores, candidate.fit.time_limit.count(), &work)) {
    return std::numeric_limits<int64_t>::max() / 4;
  }
  return work;
}

void AddWork(int64_t work, int64_t& sum) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 2;
  sum = work > kMost - sum ? kMost : sum + work;
}

}  // namespace

ClassShares FilterShares(const JobRequest& request, const MatchSetting& setting) {
  const FederationView& federation = setting.federation;
  ClassShares result;
  result.verdicts.reserve(federation.shares.size());
  for (uint32_t i = 0; i < federation.shares.size(); ++i) {
    const ShareView& share = federation.shares[i];
    const ShareCandidate candidate{.site = federation.SiteOf(share),
                                   .share = share,
                                   .pool = federation.pools[share.pool].load,
                                   .rates = RatesIn(setting.price_lists, request.price_list, i)};
    result.verdicts.push_back(Filter(request, candidate, setting.policy, setting.now));
  }
  result.cheapest_micros = CheapestOf(result.verdicts);
  const int64_t price_max = PriceMax(request.objective, result.cheapest_micros, setting.policy);
  for (FilterVerdict& verdict : result.verdicts) {
    if (!verdict.refusal && verdict.fit.ceiling_micros > price_max) {
      verdict.refusal = RefusalReason::kPriceAboveObjective;
    }
  }
  return result;
}

std::vector<ClassShare> Choosable(const ClassShares& shares) {
  std::vector<ClassShare> choosable;
  for (uint32_t i = 0; i < shares.verdicts.size(); ++i) {
    if (!shares.verdicts[i].refusal) {
      choosable.push_back({.share = i, .fit = shares.verdicts[i].fit});
    }
  }
  return choosable;
}

RoundCapacity::RoundCapacity(const FederationView& federation, const MatchPolicy& policy)
    : policy_(policy),
      shares_of_pool_(federation.pools.size()),
      shares_of_site_(federation.sites.size()),
      share_change_(federation.shares.size(), 1) {
  CHECK(federation.shares.size() < kSharesMax);
  for (const PoolView& pool : federation.pools) {
    pools_.push_back(pool.load);
  }
  for (const SiteInfo& site : federation.sites) {
    offer_room_.push_back(site.offer_room);
  }
  for (uint32_t i = 0; i < federation.shares.size(); ++i) {
    const ShareView& share = federation.shares[i];
    const PoolLoad& pool = pools_[share.pool];
    const int64_t of_nodes = pool.nodes_total * policy.buffer_permille_of_nodes / 1'000;
    const int64_t room = policy.buffer_base + of_nodes - share.buffered;
    shares_.push_back(
        {.core_seconds_waiting = share.load.core_seconds_waiting,
         .queue_ahead_seconds = QueueAheadSeconds(pool, share.load.core_seconds_waiting),
         .buffer_room = static_cast<int32_t>(std::clamp<int64_t>(room, 0, std::numeric_limits<int32_t>::max())),
         .pool = share.pool,
         .site = share.site});
    shares_of_pool_[share.pool].push_back(i);
    shares_of_site_[share.site].push_back(i);
  }
}

std::optional<RefusalReason> RoundCapacity::Refusal(const ClassShare& candidate) const {
  const ShareRoom& share = shares_[candidate.share];
  if (offer_room_[share.site] <= 0) {
    return RefusalReason::kOfferLimit;
  }
  if (share.buffer_room <= 0 && !FitsNow(candidate.fit.need, pools_[share.pool])) {
    return RefusalReason::kFull;
  }
  return std::nullopt;
}

std::chrono::seconds RoundCapacity::Wait(const ClassShare& candidate) const {
  const ShareRoom& share = shares_[candidate.share];
  return WaitBehind(share.queue_ahead_seconds, candidate.fit.need, pools_[share.pool], policy_);
}

bool RoundCapacity::Take(const ClassShare& candidate) {
  CHECK(!Refusal(candidate));
  ShareRoom& share = shares_[candidate.share];
  PoolLoad& pool = pools_[share.pool];
  ++change_;
  MarkChanged(shares_of_pool_[share.pool]);
  if (--offer_room_[share.site] == 0) {
    MarkChanged(shares_of_site_[share.site]);
  }
  if (FitsNow(candidate.fit.need, pool)) {
    TakeCapacity(candidate.fit.need, pool);
    AddWork(WorkOf(candidate), pool.core_seconds_running);
    return true;
  }
  --share.buffer_room;
  AddWork(WorkOf(candidate), share.core_seconds_waiting);
  share.queue_ahead_seconds = QueueAheadSeconds(pool, share.core_seconds_waiting);
  return false;
}

void RoundCapacity::MarkChanged(const std::vector<uint32_t>& shares) {
  for (const uint32_t share : shares) {
    share_change_[share] = change_;
  }
}

}  // namespace turnpike
