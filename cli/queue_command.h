#pragma once
// turnpike queue: the project's jobs, newest first.

#include <string>
#include <vector>

#include "cli/command_context.h"

namespace turnpike {

struct QueueOptions {
  std::string project;
  std::vector<std::string> states;  // "RUNNING", or Slurm's short "R"; empty: those that have not ended
  bool all = false;                 // those that have ended too
  bool header = true;
  int limit = 100;
};

Result<int> RunQueue(const QueueOptions& options, CommandContext& context);

}  // namespace turnpike
