#pragma once
// Sites and what they offer, as matching sees them.  Values.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "billing/core/allocation.h"
#include "broker/core/maintenance.h"

namespace turnpike {

enum class SiteState { kRegistered, kActive, kDraining, kQuarantined };
std::string_view SiteStateName(SiteState state);  // "ACTIVE"
std::optional<SiteState> ParseSiteState(std::string_view name);

enum class AccountMode { kOwnAccount, kHelper, kCommunityAccount };
std::string_view AccountModeName(AccountMode mode);  // "OWN_ACCOUNT"
std::optional<AccountMode> ParseAccountMode(std::string_view name);

// What a site may have been offered without having submitted it: what it cannot take is not read from the database, nor
// kept from other sites.
constexpr int32_t kOffersMax = 1'000;

// What the broker knows of a site.
struct SiteInfo {
  SiteId site_id;
  std::string name;
  std::string region;
  SiteState state = SiteState::kActive;
  bool connected = false;
  std::optional<Timestamp> last_seen;
  int64_t price_book_version = 0;   // 0: none
  int32_t offer_room = kOffersMax;  // how many more offers it may get before it has submitted some
};

struct NodeShape {
  std::string cpu_architecture;
  int32_t cores = 0;
  int64_t memory_mib = 0;
  std::string accelerator_model;  // empty: none
  int32_t accelerators = 0;
  friend bool operator==(const NodeShape&, const NodeShape&) = default;
};

// 0 everywhere: no limit.
struct ShareLimits {
  std::chrono::seconds time_limit_max{0};
  std::chrono::seconds time_limit_default{0};  // 0: none
  int32_t nodes_max = 0;
  int32_t cores_max = 0;
  friend bool operator==(const ShareLimits&, const ShareLimits&) = default;
};

// What does not change from minute to minute.
struct ShareInfo {
  SiteId site_id;
  std::string site_name;
  std::string name;
  std::string pool;  // empty: a pool of its own
  NodeShape node;
  ShareLimits limits;
  bool whole_nodes = false;
  int64_t memory_per_core_mib = 0;
  std::chrono::seconds overrun{0};
  bool guarded = false;
  AccountMode account_mode = AccountMode::kHelper;
  friend bool operator==(const ShareInfo&, const ShareInfo&) = default;
};

// "alpha/main".
std::string ShareLabel(const ShareInfo& share);
AllocationRule RuleOf(const ShareInfo& share);

// Of a set of nodes; several shares may draw on it.
struct PoolLoad {
  int64_t nodes_total = 0;
  int64_t nodes_idle = 0;
  int64_t cores_total = 0;
  int64_t cores_idle = 0;
  int64_t accelerators_total = 0;
  int64_t accelerators_idle = 0;
  int64_t core_seconds_running = 0;  // that running jobs may still use by their limits
  friend bool operator==(const PoolLoad&, const PoolLoad&) = default;
};

// Of a share's queue, as the site last said.
struct ShareLoad {
  bool open = true;
  std::string closed_reason;  // in the scheduler's words
  int32_t jobs_waiting = 0;
  int64_t core_seconds_waiting = 0;
  PoolLoad pool;  // the pool's load as this share showed it
  Timestamp observed_at{};
  std::vector<MaintenanceWindow> windows = {};  // of its own and of its site
  friend bool operator==(const ShareLoad&, const ShareLoad&) = default;
};

}  // namespace turnpike
