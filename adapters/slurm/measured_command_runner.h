#pragma once
// Counts and times the scheduler's commands, by program.  Thread-safe if the runner beneath is.

#include "adapters/slurm/command_runner.h"
#include "base/metrics.h"

namespace turnpike {

class MeasuredCommandRunner final : public CommandRunner {
 public:
  MeasuredCommandRunner(CommandRunner& runner, Metrics& metrics) : runner_(runner), metrics_(metrics) {}

  Result<ChildResult> Run(const ChildCommand& command) override;

 private:
  CommandRunner& runner_;
  Metrics& metrics_;
};

}  // namespace turnpike
