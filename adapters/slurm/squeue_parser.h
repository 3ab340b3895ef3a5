#pragma once
// What squeue prints, for the columns that commands.h asks for.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/slurm/parse_values.h"
#include "base/status.h"

namespace turnpike::slurm {

struct QueueColumn {
  std::string_view asked;    // in --Format
  std::string_view printed;  // in the header
};
constexpr std::array<QueueColumn, 19> kQueueColumns = {{
    {"JobArrayID", "JOBID"},
    {"State", "STATE"},
    {"Reason", "REASON"},
    {"UserName", "USER"},
    {"SubmitTime", "SUBMIT_TIME"},
    {"StartTime", "START_TIME"},
    {"EndTime", "END_TIME"},
    {"TimeUsed", "TIME"},
    {"TimeLimit", "TIME_LIMIT"},
    {"NumCPUs", "CPUS"},
    {"NumNodes", "NODES"},
    {"NodeList", "NODELIST"},
    {"tres-alloc", "TRES_ALLOC"},
    {"tres-per-node", "TRES_PER_NODE"},
    {"RestartCnt", "RESTART_COUNT"},
    {"exit_code", "EXIT_CODE"},
    {"Partition", "PARTITION"},
    {"Name", "NAME"},
    {"Comment", "COMMENT"},
}};

// One job, whoever's it is.
struct QueueJob {
  std::string id;
  std::string state;
  std::string reason;
  std::string user;
  Timestamp submit_time{};
  std::optional<Timestamp> start_time;  // while it waits: the scheduler's guess
  std::optional<Timestamp> end_time;    // while it runs: its time limit
  std::chrono::seconds elapsed{0};
  std::optional<std::chrono::seconds> time_limit;  // nullopt: none
  int64_t cpus = 0;
  int64_t nodes = 0;
  bool had_nodes = false;
  Tres tres;
  std::map<std::string, int64_t> gres_per_node;
  int restarts = 0;
  ExitStatus exit;
  std::string partition;  // several, with commas, while it waits
  std::string name;
  std::string comment;
};

Result<std::vector<QueueJob>> ParseQueue(std::string_view text, std::string_view separator);

}  // namespace turnpike::slurm
