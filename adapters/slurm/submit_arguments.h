#pragma once
// The options that a job is handed to sbatch with.  Every value is checked against what it may hold; nothing that a
// user chose can become an option, a pattern or a line of its own.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/core/local_job.h"
#include "adapters/slurm/settings.h"
#include "base/status.h"

namespace turnpike::slurm {

// Flags that an operator may let through; every other one is refused whatever the settings say.
extern const std::span<const std::string_view> kPassableFlags;

// INVALID_ARGUMENT names the field and its value.
Result<std::vector<std::string>> SubmitArguments(const LocalJob& job, const SlurmSettings& settings);

}  // namespace turnpike::slurm
