#pragma once
// turnpike submit: reads a job from a script, a line or a command, sends it, and waits for its end if asked to.

#include <map>
#include <string>
#include <vector>

#include "cli/command_context.h"

namespace turnpike {

struct SubmitOptions {
  std::vector<std::string> words;                  // what stands after "submit"
  std::map<std::string, std::string> environment;  // TURNPIKE_*, and what --export names
};

// The exit code: 0, or with --wait the job's (cli/exit_code.h).  Sets context.json where --json is among the words.
Result<int> RunSubmit(const SubmitOptions& options, CommandContext& context);

}  // namespace turnpike
