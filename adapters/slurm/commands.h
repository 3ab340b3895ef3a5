#pragma once
// Every command of Slurm that the adapter runs, with its arguments, environment and time limit.  Nothing here runs
// anything.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/core/local_job.h"
#include "adapters/slurm/settings.h"
#include "base/child_process.h"
#include "base/time.h"

namespace turnpike::slurm {

ChildCommand SubmitCommand(const SlurmSettings& settings, std::vector<std::string> arguments, std::string wrapper);
// All jobs, or one; finished ones too, as long as the controller remembers them.
ChildCommand QueueCommand(const SlurmSettings& settings, std::string_view separator,
                          std::optional<std::string_view> local_job_id = std::nullopt);
// Accounting rows by job name or by id, all runs of each; jobs that were over before `oldest` are left out.
struct AccountingQuery {
  std::vector<std::string> names;
  std::vector<std::string> local_job_ids;
  Timestamp oldest{};
};
ChildCommand AccountingCommand(const SlurmSettings& settings, std::string_view separator, const AccountingQuery& query);
// Only if the job still has that name: checked by the controller's own list, right before the cancellation.
ChildCommand CancelCommand(const SlurmSettings& settings, std::string_view name, std::string_view local_job_id);
ChildCommand ShowNodesCommand(const SlurmSettings& settings);
ChildCommand ShowPartitionsCommand(const SlurmSettings& settings);
ChildCommand ShowReservationsCommand(const SlurmSettings& settings);
ChildCommand ShowConfigCommand(const SlurmSettings& settings);
ChildCommand VersionCommand(const SlurmSettings& settings, std::string_view program);

constexpr size_t kAccountingNamesMax = 2'000;  // a command's one argument holds 128 KiB

}  // namespace turnpike::slurm
