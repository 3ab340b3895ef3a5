// G1: batches of 100, 8 calls under way, acknowledged after the commit, against binary COPY of the same rows by the
// thousand.

#include "bench/goals/submit_rounds.h"

namespace turnpike {
namespace {

constexpr SubmitShape kBatches{.jobs = 40'000, .jobs_per_call = 100, .width = 8};
constexpr size_t kCopyGroup = 1'000;

Result<Round> MeasureRound(BenchRun& run, RawCopy& source, RawCopy& reference) {
  SubmitShape shape = kBatches;
  shape.jobs = run.size.Scaled(kBatches.jobs);
  RETURN_IF_ERROR(Checkpoint(run));
  ASSIGN_OR_RETURN(const Submitted submitted, SubmitTimed(run, BrokerOf(run), shape));
  ASSIGN_OR_RETURN(const std::vector<CopiedRows> groups, ReadGroups(source, submitted, kCopyGroup));
  RETURN_IF_ERROR(Checkpoint(run));
  ASSIGN_OR_RETURN(const TimedSide copied, CopyTimed(run, reference, groups));
  const auto jobs = static_cast<double>(submitted.jobs.size());
  return Round{.pair = {.measured = jobs / submitted.side.seconds, .reference = jobs / copied.seconds},
               .cpu = {.broker = submitted.side.server_cpu / jobs * 1e6,
                       .postgres = submitted.side.postgres_cpu / jobs * 1e6,
                       .reference_postgres = copied.postgres_cpu / jobs * 1e6}};
}

}  // namespace

Status BenchBatches(BenchRun& run) {
  ASSIGN_OR_RETURN(const std::unique_ptr<RawCopy> source, RawCopy::Open(run.federation.database()));
  ASSIGN_OR_RETURN(const std::unique_ptr<RawCopy> reference, RawCopy::Open(run.federation.reference()));
  RETURN_IF_ERROR(reference->CopyAccountFrom(*source));
  for (const Disk& disk : run.disks) {
    RETURN_IF_ERROR(run.federation.sync_delay().Set(disk.delay));
    GoalResult result{.goal = {.name = "batches of 100, 8 under way",
                               .unit = "jobs/s",
                               .reference = "COPY by the thousand",
                               .target = 0.50},
                      .disk = disk.name};
    ASSIGN_OR_RETURN(result.sync_micros, run.federation.sync_delay().MedianMicros());
    for (int round = 0; round < run.size.rounds; ++round) {
      ASSIGN_OR_RETURN(Round measured, MeasureRound(run, *source, *reference));
      result.rounds.push_back(measured);
    }
    run.report(result);
  }
  return OkStatus();
}

}  // namespace turnpike
