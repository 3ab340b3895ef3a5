#pragma once
// Every option of sbatch 22.05, each in exactly one class (cli/submit_option.h).

#include <span>

#include "cli/submit_option.h"

namespace turnpike {

std::span<const SubmitOption> SbatchOptions();

// What an #SBATCH line knows.
const OptionSet& SbatchDialect();

}  // namespace turnpike
