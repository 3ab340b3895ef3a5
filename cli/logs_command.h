#pragma once
// turnpike logs: what a job wrote, or goes on to write.

#include <cstdint>
#include <optional>
#include <string>

#include "cli/command_context.h"

namespace turnpike {

struct LogsOptions {
  std::string job_id;
  bool follow = false;
  bool error = false;       // standard error instead of standard output
  int attempt = 0;          // 0: the latest, and with follow each one after it
  int64_t offset = 0;       // negative: from the end
  std::optional<int> tail;  // only the last lines
};

Result<int> RunLogs(const LogsOptions& options, CommandContext& context);

}  // namespace turnpike
