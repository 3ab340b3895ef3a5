// H1: for five minutes twice as many submissions as the broker can take.  What it goes on accepting, how fast it
// refuses the others, and how soon a single submission is as fast again as before.

#include "bench/goals/submit_rounds.h"
#include "bench/harness/paced_load.h"

namespace turnpike {
namespace {

constexpr SubmitShape kPeak{.jobs = 20'000, .jobs_per_call = 0, .width = 512};
constexpr SubmitShape kOneByOne{.jobs = 50, .jobs_per_call = 0, .width = 1};
constexpr double kOverload = 2;
constexpr int64_t kSeconds = 300;
constexpr double kRefusalMicrosMax = 10'000;
constexpr double kRecoverySecondsMax = 30;
constexpr double kAsFastAgain = 2;  // times what a submission took before

constexpr char kPlacementEpoch[] = "SELECT coalesce(max(epoch), 0) FROM placement_lease";

Result<int64_t> PlacementEpoch(BenchRun& run) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> database, run.federation.OpenDatabase());
  ASSIGN_OR_RETURN(const Rows rows, database->Execute(kPlacementEpoch));
  return rows.Int(0, 0);
}

Result<double> OneByOneMicros(BenchRun& run) {
  ASSIGN_OR_RETURN(const Submitted few, SubmitTimed(run, BrokerOf(run), kOneByOne));
  return Median(few.side.call_micros);
}

// Seconds until a submission takes no more than twice what it took before.
Result<double> RecoverySeconds(BenchRun& run, double micros_before) {
  const auto start = std::chrono::steady_clock::now();
  double seconds = 0;
  for (double micros = micros_before * kAsFastAgain + 1; micros > micros_before * kAsFastAgain;) {
    ASSIGN_OR_RETURN(micros, OneByOneMicros(run));
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (seconds > 4 * kRecoverySecondsMax) {
      break;
    }
  }
  return seconds;
}

GoalResult ResultFor(const Goal& goal, const Disk& disk, double sync_micros, const Round& round, std::string note) {
  return {.goal = goal, .disk = disk.name, .sync_micros = sync_micros, .rounds = {round}, .note = std::move(note)};
}

Status MeasureOn(BenchRun& run, const Disk& disk) {
  RETURN_IF_ERROR(run.federation.sync_delay().Set(disk.delay));
  ASSIGN_OR_RETURN(const double sync_micros, run.federation.sync_delay().MedianMicros());
  ASSIGN_OR_RETURN(const double before, OneByOneMicros(run));
  SubmitShape shape = kPeak;
  shape.jobs = run.size.Scaled(kPeak.jobs);
  ASSIGN_OR_RETURN(const Submitted peak, SubmitTimed(run, BrokerOf(run), shape));
  const double peak_rate = static_cast<double>(shape.jobs) / peak.side.seconds;
  ASSIGN_OR_RETURN(const int64_t epoch, PlacementEpoch(run));

  const SideTimer timer(run.federation, run.federation.broker_pid());
  ASSIGN_OR_RETURN(const PacedTimes flood, SubmitPaced(run, kOverload * peak_rate,
                                                       std::chrono::milliseconds(run.size.Scaled(kSeconds * 1'000))));
  const TimedSide side = timer.Stop();
  ASSIGN_OR_RETURN(const double recovery, RecoverySeconds(run, before));
  ASSIGN_OR_RETURN(const int64_t epoch_after, PlacementEpoch(run));
  if (flood.failed > 0) {
    return FailedPrecondition("under twice the load {} of {} submissions were neither accepted nor refused for it: {}",
                              flood.failed, flood.sent, flood.failure);
  }
  if (epoch_after != epoch) {
    return FailedPrecondition("the placement lease was lost under twice the load");
  }
  const auto accepted = static_cast<double>(flood.accepted.size());
  const auto calls = static_cast<double>(flood.sent);
  const CpuShare cpu{.broker = side.server_cpu / calls * 1e6, .postgres = side.postgres_cpu / calls * 1e6};
  const std::string note = fmt::format(
      "{} sent, {} of them accepted, {} refused, {} without being told when to come back; {} held back by the "
      "client, which shares the processors",
      flood.sent, flood.accepted.size(), flood.refused_micros.size(), flood.untimed, flood.held_back);
  run.report(ResultFor({.name = fmt::format("accepted under twice the load, {} s", run.size.Scaled(kSeconds)),
                        .unit = "jobs/s",
                        .reference = "512 under way",
                        .target = 0.90},
                       disk, sync_micros,
                       {.pair = {.measured = accepted / flood.seconds, .reference = peak_rate}, .cpu = cpu}, note));
  run.report(ResultFor({.name = "refused under twice the load, median",
                        .unit = "µs",
                        .reference = "the limit",
                        .target = 1,
                        .better = Better::kLower},
                       disk, sync_micros,
                       {.pair = {.measured = Median(flood.refused_micros), .reference = kRefusalMicrosMax}, .cpu = cpu},
                       {}));
  run.report(ResultFor(
      {.name = "back to normal", .unit = "s", .reference = "the limit", .target = 1, .better = Better::kLower}, disk,
      sync_micros, {.pair = {.measured = recovery, .reference = kRecoverySecondsMax}, .cpu = {}}, {}));
  return OkStatus();
}

}  // namespace

Status BenchOverload(BenchRun& run) {
  for (const Disk& disk : run.disks) {
    RETURN_IF_ERROR(MeasureOn(run, disk));
  }
  return OkStatus();
}

}  // namespace turnpike
