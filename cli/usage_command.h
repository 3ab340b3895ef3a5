#pragma once
// turnpike usage: what a project's jobs used and cost.

#include <string>

#include "cli/command_context.h"

namespace turnpike {

struct UsageOptions {
  std::string project;
  std::string job_id;
  std::string since;  // "7d", "12h", "2026-11-01", or RFC 3339; empty: from the beginning
  bool header = true;
  int limit = 100;
};

Result<int> RunUsage(const UsageOptions& options, CommandContext& context);

}  // namespace turnpike
