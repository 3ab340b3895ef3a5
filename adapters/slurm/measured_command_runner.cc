#include "adapters/slurm/measured_command_runner.h"

namespace turnpike {
namespace {

std::string OutcomeOf(const Result<ChildResult>& result) {
  if (!result.ok()) {
    return "not_run";
  }
  if (result->timed_out) {
    return "timed_out";
  }
  return result->succeeded() ? "ok" : "failed";
}

// "sbatch" of "/usr/bin/sbatch".
std::string ProgramOf(const ChildCommand& command) {
  const std::string& path = command.argv.front();
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

Result<ChildResult> MeasuredCommandRunner::Run(const ChildCommand& command) {
  const std::string program = ProgramOf(command);
  const SecondsTimer timer(metrics_.HistogramOf(Metric::kAgentCommandSeconds, {program}));
  Result<ChildResult> result = runner_.Run(command);
  metrics_.CounterOf(Metric::kAgentCommands, {program, OutcomeOf(result)}).Add();
  return result;
}

}  // namespace turnpike
