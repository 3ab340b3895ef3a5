// G4: one SubmitJob at a time, against the median of a prepared single-row INSERT that commits by itself.

#include "bench/goals/submit_rounds.h"

namespace turnpike {
namespace {

constexpr SubmitShape kOneByOne{.jobs = 1'500, .jobs_per_call = 0, .width = 1};
constexpr size_t kRowBytes = 550;

constexpr char kMakeTable[] = "CREATE TABLE IF NOT EXISTS raw_commit (id uuid PRIMARY KEY, body bytea NOT NULL)";
constexpr char kInsert[] = "INSERT INTO raw_commit (id, body) VALUES ($1, $2)";

Result<double> RawCommitMicros(BenchRun& run, Connection& connection, int64_t commits) {
  const std::string body(kRowBytes, 'x');
  std::vector<double> micros;
  for (int64_t i = 0; i < commits; ++i) {
    const Params params = std::move(Params().Id(run.federation.ids().TimeOrdered<JobId>()).Bytes(body));
    const auto start = std::chrono::steady_clock::now();
    RETURN_IF_ERROR(connection.Execute(kInsert, params).status());
    micros.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
  }
  return Median(micros);
}

struct LatencyRound {
  Round median;
  Round tail;
};

Result<LatencyRound> MeasureRound(BenchRun& run, Connection& connection) {
  SubmitShape shape = kOneByOne;
  shape.jobs = run.size.Scaled(kOneByOne.jobs);
  RETURN_IF_ERROR(Checkpoint(run));
  ASSIGN_OR_RETURN(const Submitted ours, SubmitTimed(run, BrokerOf(run), shape));
  RETURN_IF_ERROR(Checkpoint(run));
  ASSIGN_OR_RETURN(const double raw, RawCommitMicros(run, connection, shape.jobs));
  const auto jobs = static_cast<double>(shape.jobs);
  const CpuShare cpu{.broker = ours.side.server_cpu / jobs * 1e6, .postgres = ours.side.postgres_cpu / jobs * 1e6};
  return LatencyRound{
      .median = {.pair = {.measured = Median(ours.side.call_micros), .reference = raw}, .cpu = cpu},
      .tail = {.pair = {.measured = Percentile(ours.side.call_micros, 99), .reference = raw}, .cpu = cpu}};
}

GoalResult ResultFor(const std::string& name, double target, const Disk& disk, double sync_micros) {
  return {.goal = {.name = name,
                   .unit = "µs",
                   .reference = "raw commit, median",
                   .target = target,
                   .better = Better::kLower},
          .disk = disk.name,
          .sync_micros = sync_micros};
}

}  // namespace

Status BenchLatency(BenchRun& run) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection, run.federation.OpenReference());
  RETURN_IF_ERROR(connection->ExecuteScript(kMakeTable));
  for (const Disk& disk : run.disks) {
    RETURN_IF_ERROR(run.federation.sync_delay().Set(disk.delay));
    ASSIGN_OR_RETURN(const double sync_micros, run.federation.sync_delay().MedianMicros());
    GoalResult median = ResultFor("one job at a time, median", 4, disk, sync_micros);
    GoalResult tail = ResultFor("one job at a time, p99", 10, disk, sync_micros);
    for (int round = 0; round < run.size.rounds; ++round) {
      ASSIGN_OR_RETURN(const LatencyRound measured, MeasureRound(run, *connection));
      median.rounds.push_back(measured.median);
      tail.rounds.push_back(measured.tail);
    }
    run.report(median);
    run.report(tail);
  }
  return OkStatus();
}

}  // namespace turnpike
