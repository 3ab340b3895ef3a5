#pragma once
// What scontrol shows of nodes, partitions and the configuration, in its key=value form.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"

namespace turnpike::slurm {

struct Node {
  std::string name;
  std::string cpu_architecture;
  int cpus = 0;
  int cpus_allocated = 0;
  int64_t memory_mib = 0;
  int64_t memory_allocated_mib = 0;
  std::map<std::string, int64_t> gres;  // by name with its type
  std::map<std::string, int64_t> gres_used;
  std::string state;  // "IDLE+DRAIN", "DOWN*+NOT_RESPONDING", byte for byte
  std::string reason;
  std::vector<std::string> partitions;

  bool usable() const;  // may be given to jobs, now or once it is free
  bool idle() const { return usable() && cpus_allocated == 0; }
};

struct Partition {
  std::string name;
  std::string state;  // "UP", "DOWN", "INACTIVE", "DRAIN"
  std::optional<std::chrono::seconds> time_limit_max;
  std::optional<std::chrono::seconds> time_limit_default;
  std::optional<std::chrono::seconds> overrun;
  int nodes_max = 0;         // 0: no limit
  bool whole_nodes = false;  // OverSubscribe=EXCLUSIVE
  bool is_default = false;
  bool hidden = false;
};

// A time for which nodes are kept.
struct Reservation {
  std::string name;
  Timestamp start{};
  Timestamp end{};
  bool maintenance = false;  // flag MAINT
  std::vector<std::string> nodes;
};

// `scontrol -o -d show node`, `scontrol -o show partition`; also without -o.
Result<std::vector<Node>> ParseNodes(std::string_view text);
Result<std::vector<Partition>> ParsePartitions(std::string_view text);
// `scontrol -o show reservation`, its times in seconds since 1970.
Result<std::vector<Reservation>> ParseReservations(std::string_view text);
// `scontrol show config`: "Key   = value" lines.
Result<std::map<std::string, std::string>> ParseConfig(std::string_view text);

}  // namespace turnpike::slurm
