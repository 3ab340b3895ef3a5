// G3: accepted jobs a second beside Slurm's controller on the same machine, whose jobs stay pending: through its C
// library and through sbatch, 8 processes each.  The controller answers from memory and writes its state later; the
// broker answers after the commit.

#include "bench/goals/submit_rounds.h"
#include "bench/harness/sample_job.h"
#include "bench/reference/slurm_queue.h"

namespace turnpike {
namespace {

constexpr SubmitShape kSingles{.jobs = 10'000, .jobs_per_call = 0, .width = 64};
constexpr SubmitShape kBatches{.jobs = 40'000, .jobs_per_call = 100, .width = 8};
constexpr int64_t kBySbatchEach = 60;
constexpr int64_t kByLibraryEach = 400;

struct Rate {
  double jobs_per_second = 0;
  CpuShare cpu;
};

Result<Rate> RateOfBroker(BenchRun& run, SubmitShape shape) {
  shape.jobs = run.size.Scaled(shape.jobs);
  RETURN_IF_ERROR(Checkpoint(run));
  ASSIGN_OR_RETURN(const Submitted submitted, SubmitTimed(run, BrokerOf(run), shape));
  const auto jobs = static_cast<double>(submitted.jobs.size());
  return Rate{
      .jobs_per_second = jobs / submitted.side.seconds,
      .cpu = {.broker = submitted.side.server_cpu / jobs * 1e6, .postgres = submitted.side.postgres_cpu / jobs * 1e6}};
}

Result<Rate> RateOfSlurm(BenchRun& run, SlurmQueue& slurm, int64_t jobs_each,
                         Status (SlurmQueue::*submit)(int64_t jobs_per_process)) {
  const int64_t each = std::max<int64_t>(run.size.Scaled(jobs_each), 5);
  const SideTimer timer(run.federation, slurm.controller_pid());
  RETURN_IF_ERROR((slurm.*submit)(each));
  const TimedSide side = timer.Stop();
  RETURN_IF_ERROR(slurm.Clear());
  const auto jobs = static_cast<double>(each * slurm.processes());
  return Rate{.jobs_per_second = jobs / side.seconds, .cpu = {.reference_postgres = side.server_cpu / jobs * 1e6}};
}

Round Beside(const Rate& broker, const Rate& slurm) {
  return {.pair = {.measured = broker.jobs_per_second, .reference = slurm.jobs_per_second},
          .cpu = {.broker = broker.cpu.broker,
                  .postgres = broker.cpu.postgres,
                  .reference_postgres = slurm.cpu.reference_postgres}};
}

// Every pair of one way into the broker and one into Slurm.
struct SbatchResults {
  GoalResult singles_library;
  GoalResult batches_library;
  GoalResult singles_sbatch;
  GoalResult batches_sbatch;
};

SbatchResults EmptyResults(const Disk& disk, double sync_micros) {
  const auto result = [&](const char* name, const char* reference, double target) {
    return GoalResult{.goal = {.name = name, .unit = "jobs/s", .reference = reference, .target = target},
                      .disk = disk.name,
                      .sync_micros = sync_micros};
  };
  constexpr char kLibrary[] = "Slurm's C library, 8 processes";
  constexpr char kSbatch[] = "sbatch, 8 processes";
  return {.singles_library = result("single jobs, 64 under way", kLibrary, 8),
          .batches_library = result("batches of 100, 8 under way", kLibrary, 25),
          .singles_sbatch = result("single jobs, 64 under way", kSbatch, 8),
          .batches_sbatch = result("batches of 100, 8 under way", kSbatch, 25)};
}

Status MeasureRound(BenchRun& run, SlurmQueue& slurm, SbatchResults& results) {
  ASSIGN_OR_RETURN(const Rate singles, RateOfBroker(run, kSingles));
  ASSIGN_OR_RETURN(const Rate library, RateOfSlurm(run, slurm, kByLibraryEach, &SlurmQueue::SubmitByLibrary));
  ASSIGN_OR_RETURN(const Rate batches, RateOfBroker(run, kBatches));
  ASSIGN_OR_RETURN(const Rate sbatch, RateOfSlurm(run, slurm, kBySbatchEach, &SlurmQueue::SubmitBySbatch));
  results.singles_library.rounds.push_back(Beside(singles, library));
  results.batches_library.rounds.push_back(Beside(batches, library));
  results.singles_sbatch.rounds.push_back(Beside(singles, sbatch));
  results.batches_sbatch.rounds.push_back(Beside(batches, sbatch));
  return OkStatus();
}

}  // namespace

Status BenchSbatch(BenchRun& run) {
  const SlurmQueue::Settings settings{.lab = run.slurm_cluster,
                                      .submit = run.programs + "/turnpike-slurm-submit",
                                      .folder = run.federation.folder(),
                                      .script = SampleJob(0).script().content()};
  if (const std::string missing = SlurmQueue::Missing(settings); !missing.empty()) {
    run.report_not_run("jobs beside sbatch and Slurm's C library", missing);
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<SlurmQueue> slurm, SlurmQueue::Start(settings));
  for (const Disk& disk : run.disks) {
    RETURN_IF_ERROR(run.federation.sync_delay().Set(disk.delay));
    ASSIGN_OR_RETURN(const double sync_micros, run.federation.sync_delay().MedianMicros());
    SbatchResults results = EmptyResults(disk, sync_micros);
    for (int round = 0; round < run.size.rounds; ++round) {
      RETURN_IF_ERROR(MeasureRound(run, *slurm, results));
    }
    for (const GoalResult* result :
         {&results.singles_library, &results.batches_library, &results.singles_sbatch, &results.batches_sbatch}) {
      run.report(*result);
    }
  }
  return OkStatus();
}

}  // namespace turnpike
