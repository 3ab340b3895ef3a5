#include "broker/core/class_shares.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "broker/core/filter_checks.h"

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

// Where it failed already it goes again only if no other share takes it.
void PreferOthers(const JobRequest& request, const FederationView& federation, std::vector<FilterVerdict>& verdicts) {
  if (request.failed_shares.empty()) {
    return;
  }
  std::vector<uint32_t> failed;
  bool others = false;
  for (uint32_t i = 0; i < verdicts.size(); ++i) {
    const bool failed_here = Holds(request.failed_shares, ShareLabel(federation.shares[i].info));
    if (!verdicts[i].refusal && failed_here) {
      failed.push_back(i);
    }
    others = others || (!verdicts[i].refusal && !failed_here);
  }
  for (const uint32_t i : failed) {
    if (others) {
      verdicts[i].refusal = RefusalReason::kFailedHere;
    }
  }
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
                                   .rates = RatesIn(setting.price_lists, request.price_list, i),
                                   .network = setting.network,
                                   .now = setting.now};
    result.verdicts.push_back(Filter(request, candidate, setting.policy));
  }
  PreferOthers(request, federation, result.verdicts);
  result.cheapest_micros = CheapestOf(result.verdicts);
  const int64_t price_max = PriceMax(ObjectiveOf(request), result.cheapest_micros, setting.policy);
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

RoundCapacity::RoundCapacity(const MatchSetting& setting)
    : policy_(setting.policy),
      shares_of_pool_(setting.federation.pools.size()),
      shares_of_site_(setting.federation.sites.size()),
      share_change_(setting.federation.shares.size(), 1) {
  const FederationView& federation = setting.federation;
  const MatchPolicy& policy = setting.policy;
  CHECK(federation.shares.size() <= kSharesMax);
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
         .on_trial = StateOf(share.breaker, setting.now) == BreakerState::kHalfOpen,
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
  if (share.on_trial && !share.trial_room) {
    return RefusalReason::kShareFailing;
  }
  if (candidate.fit.wait_max != Duration::max() && Wait(candidate) > candidate.fit.wait_max) {
    return candidate.fit.late;
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
  share.trial_room = false;
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
