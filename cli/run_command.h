#pragma once
// From the parsed command line to the command.

#include "cli/arguments.h"
#include "cli/command_context.h"

namespace turnpike {

// The exit code, or the error that is still to be said.
Result<int> RunCommand(const CommandOptions& command, CommandContext& context);

}  // namespace turnpike
