// G7: batches of 100 into a database that holds millions of jobs, against the same into an empty one.  Two federations,
// asked in turns; both grow by what is submitted in the rounds.

#include "bench/goals/submit_rounds.h"
#include "bench/harness/stored_jobs.h"

namespace turnpike {
namespace {

constexpr int64_t kStored = 5'000'000;
constexpr SubmitShape kBatches{.jobs = 40'000, .jobs_per_call = 100, .width = 8};
constexpr SubmitShape kModel{.jobs = 1, .jobs_per_call = 0, .width = 1};

Status Fill(BenchRun& run, int64_t count) {
  ASSIGN_OR_RETURN(const Submitted model, SubmitTimed(run, BrokerOf(run), kModel));
  RETURN_IF_ERROR(run.federation.KillBroker());
  RETURN_IF_ERROR(StoreJobs(run.federation, model.jobs.front(), {.count = count, .as = StoredAs::kEnded}));
  return run.federation.StartBroker();
}

Result<Submitted> SubmitTo(BenchRun& run) {
  SubmitShape shape = kBatches;
  shape.jobs = run.size.Scaled(kBatches.jobs);
  RETURN_IF_ERROR(Checkpoint(run));
  return SubmitTimed(run, BrokerOf(run), shape);
}

Result<Round> MeasureRound(BenchRun& filled, BenchRun& empty) {
  ASSIGN_OR_RETURN(const Submitted into_filled, SubmitTo(filled));
  ASSIGN_OR_RETURN(const Submitted into_empty, SubmitTo(empty));
  const auto jobs = static_cast<double>(into_filled.jobs.size());
  return Round{.pair = {.measured = jobs / into_filled.side.seconds, .reference = jobs / into_empty.side.seconds},
               .cpu = {.broker = into_filled.side.server_cpu / jobs * 1e6,
                       .postgres = into_filled.side.postgres_cpu / jobs * 1e6,
                       .reference_postgres = into_empty.side.postgres_cpu / jobs * 1e6}};
}

}  // namespace

Status BenchDecay(BenchRun& run) {
  ASSIGN_OR_RETURN(const std::unique_ptr<LoadedFederation> full, run.start_federation({.name = "full"}));
  ASSIGN_OR_RETURN(const std::unique_ptr<LoadedFederation> fresh, run.start_federation({.name = "fresh"}));
  BenchRun filled = RunIn(run, *full);
  BenchRun empty = RunIn(run, *fresh);
  const int64_t stored = run.size.Scaled(kStored);
  RETURN_IF_ERROR(Fill(filled, stored));
  for (const Disk& disk : run.disks) {
    RETURN_IF_ERROR(full->sync_delay().Set(disk.delay));
    RETURN_IF_ERROR(fresh->sync_delay().Set(disk.delay));
    GoalResult result{.goal = {.name = fmt::format("batches of 100 with {} jobs stored", stored),
                               .unit = "jobs/s",
                               .reference = "none stored",
                               .target = 0.80},
                      .disk = disk.name};
    ASSIGN_OR_RETURN(result.sync_micros, full->sync_delay().MedianMicros());
    for (int round = 0; round < run.size.rounds; ++round) {
      ASSIGN_OR_RETURN(const Round measured, MeasureRound(filled, empty));
      result.rounds.push_back(measured);
    }
    run.report(result);
  }
  RETURN_IF_ERROR(full->sync_delay().Set(std::chrono::microseconds(0)));
  return CheckNothingLost(filled);
}

}  // namespace turnpike
