#pragma once
// turnpike cancel: asks for the end of jobs.

#include <string>
#include <vector>

#include "cli/command_context.h"

namespace turnpike {

struct CancelOptions {
  std::vector<std::string> job_ids;
};

// Every job is asked for; the first error is returned, the others are said before it.
Result<int> RunCancel(const CancelOptions& options, CommandContext& context);

}  // namespace turnpike
