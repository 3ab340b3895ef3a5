#pragma once
// Waits for the end of a job, and says on standard error what becomes of it.  The wait may end early; the job goes on
// all the same.

#include <chrono>
#include <optional>
#include <string>

#include "cli/command_context.h"

namespace turnpike {

struct WaitRequest {
  v1::Job job;  // as it was accepted
  std::string project;
  std::optional<std::chrono::seconds> wait_max;  // looked at with every sign of life, at least each 15 s
  std::chrono::milliseconds pause{1000};         // before the broker is asked again
  std::chrono::milliseconds charge_pause{250};   // between looks for the charge of a job that has ended
};

// The job after its end, with its charge if that comes within 10 s.  DEADLINE_EXCEEDED after `wait_max`; any other
// error says that the job goes on and how to look at it.
Result<v1::Job> WaitForJob(const WaitRequest& request, Client& client, CommandContext& context);

}  // namespace turnpike
