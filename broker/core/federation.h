#pragma once
// All sites, pools and shares at one moment, with our own attempts counted in: what matching works on.  Free capacity
// is kept per pool, since shares overlap.  Built afresh for a round; a value that threads may read together.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/resources.h"
#include "base/time.h"
#include "broker/core/share.h"
#include "broker/core/share_breaker.h"

namespace turnpike {

struct ShareStatus {
  ShareInfo info;
  ShareLoad load;
  std::optional<BreakerStanding> breaker = {};
};

// One of our own attempts that is not final.
struct OwnAttempt {
  SiteId site_id;
  std::string_view share;
  ResourceAmounts amounts;  // by the share's allocation rule
  std::chrono::seconds time_limit{0};
  Timestamp offered_at{};
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> submitted_at;  // to the site's scheduler
};

struct PoolView {
  PoolLoad load;  // after our own attempts that the site's figures do not show yet
};

struct ShareView {
  ShareInfo info;
  ShareLoad load;        // core_seconds_waiting includes our own that the site does not show yet
  uint32_t site = 0;     // index into FederationView::sites
  uint32_t pool = 0;     // index into FederationView::pools
  int32_t buffered = 0;  // our own unstarted attempts beyond what the pool can start at once
  std::optional<BreakerStanding> breaker = {};
  AttemptsAtShare attempts = {};
};

// As many as a round can tell apart (PackKey, broker/core/score.h).
constexpr uint32_t kSharesMax = 1U << 16U;

struct FederationView {
  std::vector<SiteInfo> sites;  // by name
  std::vector<PoolView> pools;
  std::vector<ShareView> shares;  // by site name, then share name: the order that decides ties

  const SiteInfo& SiteOf(const ShareView& share) const { return sites[share.site]; }
  std::optional<uint32_t> FindShare(SiteId site_id, std::string_view name) const;
};

// Shares of unknown sites and attempts of unknown shares are left out, and so are the last shares above kSharesMax. Own
// attempts take free capacity when they have not started, or started after the site's figures were taken; the oldest
// first, and what does not fit is `buffered`.
FederationView BuildFederation(std::vector<SiteInfo> sites, std::vector<ShareStatus> shares,
                               std::vector<OwnAttempt> own_attempts);

// Whether the amounts can start on what is idle, and what is idle afterwards.
struct CapacityNeed {
  ResourceAmounts amounts;
  int64_t node_cores = 0;    // of the share's node
  bool whole_nodes = false;  // only idle nodes will do
};
CapacityNeed NeedOf(const ResourceAmounts& amounts, const ShareInfo& share);
bool FitsNow(const CapacityNeed& need, const PoolLoad& pool);
void TakeCapacity(const CapacityNeed& need, PoolLoad& pool);

}  // namespace turnpike
