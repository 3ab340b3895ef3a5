#pragma once
// Asks Slurm and parses what it answers: one method per question, each one command with its own time limit.  Not
// thread-safe.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/slurm/command_runner.h"
#include "adapters/slurm/commands.h"
#include "adapters/slurm/sacct_parser.h"
#include "adapters/slurm/scontrol_parser.h"
#include "adapters/slurm/settings.h"
#include "adapters/slurm/squeue_parser.h"
#include "base/random.h"
#include "base/status.h"

namespace turnpike::slurm {

class SlurmClient {
 public:
  SlurmClient(const SlurmSettings& settings, CommandRunner& runner, RandomSource& random)
      : settings_(settings), runner_(runner), random_(random) {}

  // UNAVAILABLE where the command failed, DEADLINE_EXCEEDED where it hung, DATA_LOSS where its answer could not be
  // read.
  Result<std::vector<QueueJob>> ReadQueue();
  // None where the controller does not know the id.
  Result<std::vector<QueueJob>> ReadQueueOf(std::string_view local_job_id);
  // FAILED_PRECONDITION where the cluster keeps no accounting at all, or sacct is not installed.
  Result<std::vector<AccountingJob>> ReadAccounting(const AccountingQuery& query);
  Result<std::vector<Node>> ReadNodes();
  Result<std::vector<Partition>> ReadPartitions();
  Result<std::vector<Reservation>> ReadReservations();
  Result<std::map<std::string, std::string>> ReadConfig();
  Result<std::string> ReadVersion(std::string_view program);
  // The cluster's name, asked for once.
  Result<std::string> ClusterName();

 private:
  std::string NewSeparator();
  Result<std::string> Ask(const ChildCommand& command);

  const SlurmSettings& settings_;
  CommandRunner& runner_;
  RandomSource& random_;
  std::optional<std::string> cluster_name_;
};

}  // namespace turnpike::slurm
