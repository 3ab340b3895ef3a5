#pragma once
// What matching knows of a job: the typed columns beside the opaque spec.  Jobs with equal requests form one class, for
// which the shares are filtered once (stored_request.h names it).  A value.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_reason.h"
#include "base/time.h"
#include "billing/core/allocation.h"

namespace turnpike {

enum class Objective { kBalanced, kFastest, kCheapest };
std::string_view ObjectiveName(Objective objective);  // "BALANCED"
std::optional<Objective> ParseObjective(std::string_view name);

constexpr std::string_view kAnyAccelerator = "gpu";  // fits every model

// Defaults are filled in: nodes, tasks and cpus_per_task are at least 1.
struct JobRequest {
  // What it holds while it runs.
  int32_t nodes = 1;
  int32_t tasks = 1;
  int32_t tasks_per_node = 0;  // 0: no limit
  int32_t cpus_per_task = 1;
  int64_t memory_per_node_mib = 0;  // 0: not asked
  int64_t memory_per_cpu_mib = 0;   // 0: not asked
  std::string accelerator_model;    // empty: none
  int32_t accelerators_per_node = 0;
  bool exclusive = false;
  std::optional<std::chrono::seconds> time_limit;  // absent: the share's default
  std::vector<std::string> cpu_architectures;      // empty: any
  // Where, and what matters.
  std::vector<std::string> sites;           // names; empty: any
  std::vector<std::string> excluded_sites;  // names
  std::vector<std::string> regions;         // empty: any
  std::vector<std::string> avoided_shares;  // "site/share" that refused it already
  std::vector<std::string> failed_shares;   // "site/share" at which it failed by the site's fault: others first
  Objective objective = Objective::kBalanced;
  std::optional<Timestamp> deadline;                        // of no use after
  std::optional<std::chrono::microseconds> round_trip_max;  // between user and site
  std::string user_region;                                  // with round_trip_max alone; empty: unknown
  // What it may cost.
  std::string unit;                      // of the payer's account; a share priced in another unit does not fit
  std::optional<int64_t> budget_micros;  // the most it may cost: the user's word, else what was set aside
  int64_t price_list = 0;                // which price books it was quoted by (matcher.h, PriceList)
  bool rerun_safe = false;               // may go where no start guard can be taken
  int32_t priority = 0;
  int32_t attempts_max = 3;

  friend bool operator==(const JobRequest&, const JobRequest&) = default;
};

RequestedShape ShapeOf(const JobRequest& request);
// What decides between shares: who has a deadline and nothing else in mind takes the cheapest that keeps it.
Objective ObjectiveOf(const JobRequest& request);

// Ranges and contradictions.  `path` is where the resources' message lies: "spec.resources"; other fields are named
// beside it.
void ValidateRequest(const JobRequest& request, std::string_view spec_path, FieldViolations& violations);

}  // namespace turnpike
