#pragma once
// turnpike explain: why a job is where it is, and what would help.

#include <string>

#include "cli/command_context.h"

namespace turnpike {

struct ExplainOptions {
  std::string job_id;
};

Result<int> RunExplain(const ExplainOptions& options, CommandContext& context);

}  // namespace turnpike
