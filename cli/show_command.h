#pragma once
// turnpike show: one job, or what it wrote.

#include <string>

#include "cli/command_context.h"

namespace turnpike {

struct ShowOptions {
  std::string job_id;
  bool output = false;  // print its standard output instead
  bool error = false;   // print its standard error instead
};

Result<int> RunShow(const ShowOptions& options, CommandContext& context);

}  // namespace turnpike
