#pragma once
// A small federation to match against, built up by name.

#include <algorithm>
#include <string>
#include <vector>

#include "broker/core/matcher.h"

namespace turnpike {

constexpr Timestamp kNow = TimestampFromSeconds(1'800'000'000);

template <class AnyId>
AnyId IdFor(uint64_t number) {
  Uuid uuid;
  for (size_t i = 0; i < 8; ++i) {
    uuid.bytes[15 - i] = static_cast<uint8_t>(number >> (8 * i));
  }
  return AnyId(uuid);
}

inline SiteInfo SiteNamed(const std::string& name) {
  return {.site_id = IdFor<SiteId>(std::hash<std::string>()(name) | 1U),
          .name = name,
          .region = "eu",
          .state = SiteState::kActive,
          .connected = true,
          .last_seen = kNow,
          .price_book_version = 1};
}

// Nodes of 64 cores, 256,000 MiB and 4 accelerators of class "a100"; all of them idle.
inline ShareStatus ShareNamed(const std::string& site, const std::string& name, int64_t nodes = 10) {
  ShareStatus status;
  status.info.site_id = SiteNamed(site).site_id;
  status.info.site_name = site;
  status.info.name = name;
  status.info.node = {
      .cpu_architecture = "x86_64", .cores = 64, .memory_mib = 256'000, .accelerator_model = "a100", .accelerators = 4};
  status.info.guarded = true;
  status.load.pool = {.nodes_total = nodes,
                      .nodes_idle = nodes,
                      .cores_total = nodes * 64,
                      .cores_idle = nodes * 64,
                      .accelerators_total = nodes * 4,
                      .accelerators_idle = nodes * 4};
  status.load.observed_at = kNow;
  return status;
}

// One core for an hour, paid in EUR.
inline JobRequest OneCore() {
  JobRequest request;
  request.time_limit = std::chrono::hours(1);
  request.unit = "EUR";
  return request;
}

inline JobRequest WholeNodes(int32_t nodes) {
  JobRequest request = OneCore();
  request.nodes = nodes;
  request.tasks = nodes;
  request.exclusive = true;
  return request;
}

// Sites come from the shares; every share costs 0.02 a core-hour unless set otherwise.
class MatchFixture {
 public:
  explicit MatchFixture(std::vector<ShareStatus> shares, std::vector<OwnAttempt> own = {}) {
    std::vector<SiteInfo> sites;
    for (const ShareStatus& share : shares) {
      if (std::ranges::find(sites, share.info.site_name, &SiteInfo::name) == sites.end()) {
        sites.push_back(SiteNamed(share.info.site_name));
      }
    }
    federation = BuildFederation(std::move(sites), std::move(shares), std::move(own));
    prices.push_back({.id = 0, .rates = {}});
    prices[0].rates.resize(federation.shares.size(), RateSet{.unit = "EUR", .core_hour_micros = 20'000});
  }

  uint32_t Index(const std::string& label) const {
    for (uint32_t i = 0; i < federation.shares.size(); ++i) {
      if (ShareLabel(federation.shares[i].info) == label) {
        return i;
      }
    }
    return UINT32_MAX;
  }
  ShareView& Share(const std::string& label) { return federation.shares.at(Index(label)); }
  SiteInfo& Site(const std::string& label) { return federation.sites.at(Share(label).site); }
  PoolLoad& Pool(const std::string& label) { return federation.pools.at(Share(label).pool).load; }
  // Between users of a region and the share's site; empty: between the broker and the site.  Nothing else is known
  // then.
  void SetRoundTrip(const std::string& region, const std::string& label, std::chrono::microseconds time) {
    NetworkView view;
    if (region.empty()) {
      view.brokers = {{.site_id = Site(label).site_id, .median = time}};
    } else {
      view.regions = {{.region = region, .site_id = Site(label).site_id, .median = time, .pairs = 1}};
    }
    network = std::move(view);
  }
  void SetRate(const std::string& label, int64_t core_hour_micros) {
    prices[0].rates.at(Index(label))->core_hour_micros = core_hour_micros;
  }

  // Jobs are numbered from 1 in the order in which they are added, a second apart.
  JobId Add(const JobRequest& request, int32_t priority = 0, uint64_t project = 1) {
    ++added;
    const JobId job_id = IdFor<JobId>(added);
    waiting.Add({.job_id = job_id,
                 .version = 1,
                 .project_id = IdFor<ProjectId>(project),
                 .priority = priority,
                 .submit_time = kNow - std::chrono::hours(1) + std::chrono::seconds(added)},
                request);
    return job_id;
  }
  void AddMany(int count, const JobRequest& request) {
    for (int i = 0; i < count; ++i) {
      Add(request);
    }
  }

  MatchSetting Setting(std::span<const SharePause> pauses = {}) const {
    return {federation, prices, policy, kNow, pauses, standings, &network};
  }
  Plan Run(std::span<const SharePause> pauses = {}) const { return Match(waiting, Setting(pauses)); }
  std::string LabelOf(const Assignment& assignment) const {
    return ShareLabel(federation.shares[assignment.share].info);
  }
  // "1 alpha/main, 2 beta/main": which job went where.
  std::string Placements(const Plan& plan) const {
    std::string text;
    for (const Assignment& assignment : plan.assignments) {
      const Uuid uuid = assignment.job_id.uuid();
      text += (text.empty() ? "" : ", ") + std::to_string(uuid.bytes[15] + 256 * uuid.bytes[14]) + " " +
              LabelOf(assignment);
    }
    return text;
  }

  FederationView federation;
  std::vector<PriceList> prices;
  MatchPolicy policy;
  std::vector<ProjectStanding> standings;
  NetworkView network;
  WaitingIndex waiting;
  uint64_t added = 0;
};

}  // namespace turnpike
