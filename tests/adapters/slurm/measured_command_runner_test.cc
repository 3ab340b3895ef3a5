#include "adapters/slurm/measured_command_runner.h"

#include <gtest/gtest.h>

#include "tests/adapters/slurm/fake_slurm.h"

namespace turnpike {
namespace {

TEST(MeasuredCommandRunner, CountsEachProgramByHowItEndedAndHandsTheAnswerOn) {
  slurm::FakeSlurm slurm;
  Metrics metrics;
  MeasuredCommandRunner runner(slurm, metrics);
  ChildCommand command;
  command.argv = {"/opt/slurm/bin/scancel", "17"};
  const std::pair<Result<ChildResult>, std::string> cases[] = {
      {slurm::FakeSlurm::Printed("done"), "ok"},
      {slurm::FakeSlurm::Failed(1, "no"), "failed"},
      {slurm::FakeSlurm::TimedOut(), "timed_out"},
      {Result<ChildResult>(NotFound("scancel is not installed")), "not_run"}};
  for (const auto& [answer, outcome] : cases) {
    slurm.answers.insert_or_assign("/opt/slurm/bin/scancel", answer);
    EXPECT_EQ(runner.Run(command).status(), answer.status());
    EXPECT_EQ(metrics.CounterOf(Metric::kAgentCommands, {"scancel", outcome}).value(), 1) << outcome;
  }
  uint64_t timed = 0;
  for (const uint64_t count : metrics.HistogramOf(Metric::kAgentCommandSeconds, {"scancel"}).counts()) {
    timed += count;
  }
  EXPECT_EQ(timed, 4U);
}

}  // namespace
}  // namespace turnpike
