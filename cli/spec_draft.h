#pragma once
// A job spec while it is being put together from settings, and what else the settings say about the submission.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/slurm_values.h"
#include "turnpike/v1/job_spec.pb.h"

namespace turnpike {

using EnvironmentLookup = std::function<std::optional<std::string>(const std::string& name)>;

// What the command does with the job; none of it reaches the broker's job spec.
struct SubmitSwitches {
  bool wait = false;
  bool json = false;
  bool parsable = false;
  bool dry_run = false;
  bool quiet = false;
  bool print_spec = false;
  bool help = false;
  bool version = false;
  bool ignore_foreign_directives = false;
  std::optional<std::string> wrap;
  std::string request_id;  // empty: a new one
  std::string project;     // empty: the token's only project
  std::string quote;       // as the broker gave it; empty: today's prices
  std::optional<std::chrono::seconds> wait_max;
};

struct SpecDraft {
  v1::JobSpec spec;
  SubmitSwitches switches;
  // Amounts that mean something only together with others; SettleResources (cli/settle_resources.h) turns them into
  // fields.
  std::optional<GpuRequest> gpus_total;
  std::optional<GpuRequest> gpus_per_node;
  std::optional<GpuRequest> gpus_per_task;
  std::optional<int64_t> cpus_per_gpu;
  std::optional<int64_t> memory_per_gpu_mib;
  std::vector<std::string> notes;              // for the user, each a sentence
  std::map<std::string, std::string> origins;  // path in the spec -> where it was said
  EnvironmentLookup environment;               // of the user, for --export=NAME
};

}  // namespace turnpike
