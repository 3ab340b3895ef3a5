#pragma once
// Federations, jobs and pauses by chance, with every kind of refusal among them.

#include <random>

#include "tests/broker/core/match_fixture.h"

namespace turnpike {

inline int64_t Below(std::mt19937_64& random, uint64_t most) {
  return static_cast<int64_t>(random() % most);
}

inline ShareStatus RandomShare(std::mt19937_64& random, const std::string& site, const std::string& name) {
  ShareStatus status = ShareNamed(site, name, 1 + Below(random, 12));
  PoolLoad& pool = status.load.pool;
  pool.cores_idle = Below(random, static_cast<uint64_t>(pool.cores_total) + 1);
  pool.nodes_idle = pool.cores_idle / 64;
  pool.accelerators_idle = Below(random, static_cast<uint64_t>(pool.accelerators_total) + 1);
  pool.core_seconds_running = Below(random, 3'000'000);
  status.load.core_seconds_waiting = random() % 2 == 0 ? 0 : Below(random, 2'000'000);
  status.load.open = random() % 8 != 0;
  status.info.pool = random() % 2 == 0 ? "common" : "";
  status.info.whole_nodes = random() % 4 == 0;
  status.info.memory_per_core_mib = random() % 3 == 0 ? 2'000 : 0;
  status.info.guarded = random() % 5 != 0;
  status.info.limits.nodes_max = static_cast<int32_t>(random() % 3 == 0 ? 2 : 0);
  if (random() % 4 == 0) {
    const Timestamp start = kNow + std::chrono::minutes(Below(random, 600));
    status.load.windows = {{.share = {}, .start = start, .end = start + std::chrono::hours(2), .reason = {}}};
  }
  if (random() % 6 == 0) {
    status.breaker = BreakerStanding{
        .failures = 5, .open_until = kNow + std::chrono::seconds(Below(random, 5) - 3), .last_failure = {}};
  }
  return status;
}

inline JobRequest RandomRequest(std::mt19937_64& random) {
  JobRequest request = random() % 3 == 0 ? WholeNodes(static_cast<int32_t>(1 + random() % 3)) : OneCore();
  request.cpus_per_task = static_cast<int32_t>(1 + random() % 20);
  request.time_limit = std::chrono::minutes(5 + Below(random, 600));
  request.objective = static_cast<Objective>(random() % 3);
  request.rerun_safe = random() % 2 == 0;
  if (random() % 4 == 0) {
    request.accelerator_model = "a100";
    request.accelerators_per_node = static_cast<int32_t>(1 + random() % 4);
  }
  if (random() % 4 == 0) {
    request.memory_per_node_mib = Below(random, 200'000);
  }
  if (random() % 6 == 0) {
    request.excluded_sites = {"s1"};
  }
  if (random() % 5 == 0) {
    request.budget_micros = Below(random, 3'000'000);
  }
  if (random() % 5 == 0) {
    request.deadline = kNow + *request.time_limit + std::chrono::minutes(Below(random, 300) - 10);
  }
  if (random() % 8 == 0) {
    request.round_trip_max = std::chrono::microseconds(1 + Below(random, 50'000));
    request.user_region = random() % 2 == 0 ? "eu" : "";
  }
  return request;
}

// Of each site one of the two is known, or neither.
inline NetworkView RandomNetwork(std::mt19937_64& random, const FederationView& federation) {
  NetworkView network;
  for (const SiteInfo& site : federation.sites) {
    const std::chrono::microseconds median(1 + Below(random, 50'000));
    switch (random() % 3) {
      case 0:
        network.regions.push_back({.region = "eu", .site_id = site.site_id, .median = median, .pairs = 1});
        break;
      case 1:
        network.brokers.push_back({.site_id = site.site_id, .median = median});
        break;
      default:
        break;
    }
  }
  std::ranges::sort(network.regions, {}, &RegionRoundTrip::site_id);
  std::ranges::sort(network.brokers, {}, &BrokerRoundTrip::site_id);
  return network;
}

inline MatchFixture RandomFixture(std::mt19937_64& random) {
  std::vector<ShareStatus> shares;
  for (int64_t i = 1 + Below(random, 9); i > 0; --i) {
    shares.push_back(RandomShare(random, "s" + std::to_string(random() % 3), "q" + std::to_string(i)));
  }
  MatchFixture fixture(std::move(shares));
  for (std::optional<RateSet>& rates : fixture.prices[0].rates) {
    rates->core_hour_micros = 1'000 * (10 + Below(random, 6));
    if (random() % 10 == 0) {
      rates.reset();
    }
  }
  for (SiteInfo& site : fixture.federation.sites) {
    site.connected = random() % 10 != 0;
    site.offer_room = random() % 3 == 0 ? static_cast<int32_t>(random() % 20) : 1'000;
  }
  fixture.network = RandomNetwork(random, fixture.federation);
  fixture.policy.buffer_base = static_cast<int32_t>(random() % 4);
  fixture.policy.buffer_permille_of_nodes = static_cast<int32_t>(random() % 400);
  for (uint64_t project = 1; project <= 2; ++project) {
    fixture.standings.push_back({.project_id = IdFor<ProjectId>(project),
                                 .used_micros = Below(random, 2'000'000),
                                 .weight = static_cast<int32_t>(1 + random() % 3)});
  }
  std::vector<JobRequest> classes;
  for (int64_t i = 1 + Below(random, 12); i > 0; --i) {
    classes.push_back(RandomRequest(random));
  }
  for (int64_t i = Below(random, 150); i > 0; --i) {
    fixture.Add(classes[random() % classes.size()], static_cast<int32_t>(random() % 3), 1 + random() % 3);
  }
  return fixture;
}

inline std::vector<SharePause> RandomPauses(std::mt19937_64& random, const MatchFixture& fixture) {
  std::vector<SharePause> pauses;
  for (uint32_t i = 0; i < fixture.federation.shares.size(); ++i) {
    if (random() % 4 == 0) {
      pauses.push_back({.share = i,
                        .project_id = IdFor<ProjectId>(1 + random() % 3),
                        .until = kNow + std::chrono::seconds(Below(random, 3))});
    }
  }
  return pauses;
}

}  // namespace turnpike
