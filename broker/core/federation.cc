#include "broker/core/federation.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>

namespace turnpike {
namespace {

// Figures come from sites: beyond these they are taken for nonsense and cut off, so that no later product wraps round.
constexpr int64_t kAmountMax = int64_t{1} << 32U;
constexpr int64_t kCoreSecondsMax = int64_t{1} << 60U;

int64_t Cut(int64_t value, int64_t most) {
  return std::clamp<int64_t>(value, 0, most);
}

PoolLoad CutLoad(PoolLoad load) {
  load.nodes_total = Cut(load.nodes_total, kAmountMax);
  load.nodes_idle = Cut(load.nodes_idle, load.nodes_total);
  load.cores_total = Cut(load.cores_total, kAmountMax);
  load.cores_idle = Cut(load.cores_idle, load.cores_total);
  load.accelerators_total = Cut(load.accelerators_total, kAmountMax);
  load.accelerators_idle = Cut(load.accelerators_idle, load.accelerators_total);
  load.core_seconds_running = Cut(load.core_seconds_running, kCoreSecondsMax);
  return load;
}

void AddCoreSeconds(int64_t cores, std::chrono::seconds time, int64_t& sum) {
  int64_t work = 0;
  if (__builtin_mul_overflow(cores, time.count(), &work) || work > kCoreSecondsMax - sum) {
    sum = kCoreSecondsMax;
  } else {
    sum += std::max<int64_t>(work, 0);
  }
}

void AddShares(std::vector<ShareStatus> statuses, FederationView& view) {
  std::map<SiteId, uint32_t> site_index;
  for (uint32_t i = 0; i < view.sites.size(); ++i) {
    site_index.emplace(view.sites[i].site_id, i);
  }
  for (ShareStatus& status : statuses) {
    const auto site = site_index.find(status.info.site_id);
    if (site != site_index.end()) {
      status.info.site_name = view.sites[site->second].name;
      status.load.core_seconds_waiting = Cut(status.load.core_seconds_waiting, kCoreSecondsMax);
      view.shares.push_back({.info = std::move(status.info),
                             .load = std::move(status.load),
                             .site = site->second,
                             .breaker = std::move(status.breaker)});
    }
  }
  std::ranges::sort(view.shares, [](const ShareView& left, const ShareView& right) {
    return std::tie(left.site, left.info.name) < std::tie(right.site, right.info.name);
  });
  if (view.shares.size() > kSharesMax) {
    view.shares.erase(view.shares.begin() + kSharesMax, view.shares.end());
  }
}

// The newest figures of a pool win; of equally new ones the larger.
bool IsBetterSource(const ShareLoad& candidate, const ShareLoad& current) {
  return std::tie(candidate.observed_at, candidate.pool.cores_total) >
         std::tie(current.observed_at, current.pool.cores_total);
}

// One pool for each name at a site; a share without a name has one of its own.
void AddPools(FederationView& view) {
  std::map<std::tuple<uint32_t, bool, std::string>, uint32_t> pool_index;
  std::vector<const ShareLoad*> sources;
  for (ShareView& share : view.shares) {
    const bool named = !share.info.pool.empty();
    const auto next = static_cast<uint32_t>(sources.size());
    const auto [entry, is_new] =
        pool_index.try_emplace({share.site, named, named ? share.info.pool : share.info.name}, next);
    share.pool = entry->second;
    if (is_new) {
      sources.push_back(&share.load);
    } else if (IsBetterSource(share.load, *sources[share.pool])) {
      sources[share.pool] = &share.load;
    }
  }
  for (const ShareLoad* source : sources) {
    view.pools.push_back({.load = CutLoad(source->pool)});
  }
}

void CountIn(const OwnAttempt& attempt, ShareView& share, PoolLoad& pool) {
  const CapacityNeed need = NeedOf(attempt.amounts, share.info);
  if (attempt.started_at) {
    share.attempts.last_start = std::max(share.attempts.last_start, attempt.started_at);
    if (*attempt.started_at > share.load.observed_at) {
      TakeCapacity(need, pool);
      AddCoreSeconds(attempt.amounts.cores, attempt.time_limit, pool.core_seconds_running);
    }
    return;
  }
  ++share.attempts.unstarted;
  if (FitsNow(need, pool)) {
    TakeCapacity(need, pool);
    AddCoreSeconds(attempt.amounts.cores, attempt.time_limit, pool.core_seconds_running);
    return;
  }
  ++share.buffered;
  const bool site_shows_it = attempt.submitted_at && *attempt.submitted_at <= share.load.observed_at;
  if (!site_shows_it) {
    ++share.load.jobs_waiting;
    AddCoreSeconds(attempt.amounts.cores, attempt.time_limit, share.load.core_seconds_waiting);
  }
}

// What runs is counted first, whenever it was offered: it holds its place already.
bool ComesBefore(const OwnAttempt& left, const OwnAttempt& right) {
  const bool left_waits = !left.started_at;
  const bool right_waits = !right.started_at;
  return std::tie(left_waits, left.offered_at, left.site_id, left.share, left.amounts.cores, left.time_limit) <
         std::tie(right_waits, right.offered_at, right.site_id, right.share, right.amounts.cores, right.time_limit);
}

}  // namespace

std::optional<uint32_t> FederationView::FindShare(SiteId site_id, std::string_view name) const {
  for (uint32_t i = 0; i < shares.size(); ++i) {
    if (shares[i].info.site_id == site_id && shares[i].info.name == name) {
      return i;
    }
  }
  return std::nullopt;
}

FederationView BuildFederation(std::vector<SiteInfo> sites, std::vector<ShareStatus> shares,
                               std::vector<OwnAttempt> own_attempts) {
  FederationView view;
  view.sites = std::move(sites);
  std::ranges::sort(view.sites, {}, &SiteInfo::name);
  AddShares(std::move(shares), view);
  AddPools(view);
  std::map<std::pair<SiteId, std::string_view>, ShareView*> share_of;
  for (ShareView& share : view.shares) {
    share_of.emplace(std::pair(share.info.site_id, std::string_view(share.info.name)), &share);
  }
  std::ranges::sort(own_attempts, ComesBefore);
  for (const OwnAttempt& attempt : own_attempts) {
    if (const auto found = share_of.find({attempt.site_id, attempt.share}); found != share_of.end()) {
      CountIn(attempt, *found->second, view.pools[found->second->pool].load);
    }
  }
  return view;
}

CapacityNeed NeedOf(const ResourceAmounts& amounts, const ShareInfo& share) {
  return {.amounts = amounts,
          .node_cores = share.node.cores,
          .whole_nodes = amounts.cores >= amounts.nodes * share.node.cores};
}

bool FitsNow(const CapacityNeed& need, const PoolLoad& pool) {
  return need.amounts.cores <= pool.cores_idle && need.amounts.accelerators <= pool.accelerators_idle &&
         (!need.whole_nodes || need.amounts.nodes <= pool.nodes_idle);
}

void TakeCapacity(const CapacityNeed& need, PoolLoad& pool) {
  pool.cores_idle = std::max<int64_t>(0, pool.cores_idle - need.amounts.cores);
  pool.accelerators_idle = std::max<int64_t>(0, pool.accelerators_idle - need.amounts.accelerators);
  if (need.whole_nodes) {
    pool.nodes_idle = std::max<int64_t>(0, pool.nodes_idle - need.amounts.nodes);
  }
  // Schedulers fill nodes that are in use first; a node is idle only while all of its cores are.
  if (need.node_cores > 0) {
    pool.nodes_idle = std::min(pool.nodes_idle, pool.cores_idle / need.node_cores);
  }
}

}  // namespace turnpike
