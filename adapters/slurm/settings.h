#pragma once
// What an operator says about one Slurm cluster.  Plain values: whoever reads the configuration file fills them in.

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "adapters/core/local_job.h"

namespace turnpike {

// One partition that is offered.  An empty list of shares offers every partition under its own name.
struct SlurmShare {
  std::string name;  // as the broker knows it; empty: the partition's name
  std::string partition;
  std::string pool;          // empty: partitions that share nodes make one pool, named after the first of them
  bool whole_nodes = false;  // also true where the partition says OverSubscribe=EXCLUSIVE
  int64_t memory_per_core_mib = 0;
  int cores_max = 0;
  std::chrono::seconds overrun{0};  // 0: what the partition's OverTimeLimit says
  EnvironmentMode environment = EnvironmentMode::kLogin;
};

// A generic resource and the class of accelerator that it stands for: {"gpu:a100", "a100-80g"} or {"npu",
// "ascend-910b"}.
struct SlurmAccelerator {
  std::string gres;
  std::string model;
};

struct SlurmSettings {
  std::string own_user;                               // the user the agent runs as
  int own_uid = -1;                                   // its number: accounting names who cancelled a job by it
  std::string conf_path;                              // SLURM_CONF; empty: the installation's own
  std::string path = "/usr/local/bin:/usr/bin:/bin";  // where the commands are looked for
  std::vector<SlurmShare> shares;
  std::vector<SlurmAccelerator> accelerators;
  std::set<std::string> allowed_flags;                // of those in kPassableFlags (submit_arguments.h)
  bool accounting = true;                             // false: never ask sacct, even where it works
  std::chrono::milliseconds submit_timeout{150'000};  // with a full queue sbatch itself tries for 120 s
  std::chrono::milliseconds query_timeout{30'000};
  std::chrono::milliseconds cancel_timeout{30'000};
  std::chrono::milliseconds probe_timeout{120'000};  // how long `check` waits for its own job to end
};

}  // namespace turnpike
