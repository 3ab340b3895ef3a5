#pragma once
// What sacct prints, for the columns that commands.h asks for.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/slurm/parse_values.h"
#include "base/status.h"

namespace turnpike::slurm {

constexpr std::array<std::string_view, 14> kAccountingColumns = {
    "JobID", "Cluster",    "User",      "State",    "ExitCode", "Submit",  "Start",
    "End",   "ElapsedRaw", "AllocTRES", "NodeList", "Reason",   "JobName", "Comment"};

// One run of one job; steps are left out.
struct AccountingJob {
  std::string id;
  std::string cluster;
  std::string user;
  std::string state;
  ExitStatus exit;
  Timestamp submit_time{};
  std::optional<Timestamp> start_time;
  std::optional<Timestamp> end_time;
  std::chrono::seconds elapsed{0};
  bool had_nodes = false;
  Tres tres;
  std::string reason;
  std::string name;  // "allocation" where the job's end was recorded before its start
  std::string comment;
};

Result<std::vector<AccountingJob>> ParseAccounting(std::string_view text, std::string_view separator);

// Earlier runs of the same job, under the same id and tag, fold into the last one; `restarts` counts them.
struct FoldedJob {
  AccountingJob job;
  int restarts = 0;
};
std::vector<FoldedJob> FoldRuns(std::vector<AccountingJob> jobs);

}  // namespace turnpike::slurm
