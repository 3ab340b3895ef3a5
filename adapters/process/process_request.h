#pragma once
// What is asked of this site: whether it can run it, and as which job of its own.

#include <string>

#include "adapters/core/scheduler.h"
#include "adapters/process/process_job.h"

namespace turnpike {

struct ProcessOptions;

// Empty: it can be run here.
std::string RefusalOf(const LocalJob& job, const ProcessOptions& options);
// Without its number and its times.
ProcessJob MakeProcessJob(const LocalJob& job, const ProcessOptions& options);
// 0: not known.
int SignalNumber(const std::string& name);

}  // namespace turnpike
