#pragma once
// Prints what a job wrote.

#include <ostream>
#include <string>

#include "cli/command_context.h"

namespace turnpike {

struct JobOutputRequest {
  std::string job_id;
  v1::ReadLogRequest::Stream stream = v1::ReadLogRequest::STREAM_OUTPUT;
  bool escape = false;  // the target is a terminal: nothing in the output may act on it
};

// Byte for byte unless escaped; says on standard error how much is left out where it is not kept.
Status PrintJobOutput(const JobOutputRequest& request, std::ostream& target, Client& client, CommandContext& context);

}  // namespace turnpike
