// G2: SubmitJob, 64 calls under way, against a server that commits each submission by itself.

#include "bench/goals/submit_rounds.h"
#include "bench/reference/reference_server.h"

namespace turnpike {
namespace {

constexpr SubmitShape kSingles{.jobs = 10'000, .jobs_per_call = 0, .width = 64};
constexpr int kConnections[] = {8, 32};

Result<Round> MeasureRound(BenchRun& run, const ReferenceServer& server) {
  SubmitShape shape = kSingles;
  shape.jobs = run.size.Scaled(kSingles.jobs);
  RETURN_IF_ERROR(Checkpoint(run));
  ASSIGN_OR_RETURN(const Submitted ours, SubmitTimed(run, BrokerOf(run), shape));
  RETURN_IF_ERROR(Checkpoint(run));
  const SubmitTarget reference{.channel = server.channel(), .server_pid = server.pid(), .is_broker = false};
  ASSIGN_OR_RETURN(const Submitted theirs, SubmitTimed(run, reference, shape));
  const auto jobs = static_cast<double>(shape.jobs);
  return Round{.pair = {.measured = jobs / ours.side.seconds, .reference = jobs / theirs.side.seconds},
               .cpu = {.broker = ours.side.server_cpu / jobs * 1e6,
                       .postgres = ours.side.postgres_cpu / jobs * 1e6,
                       .reference_postgres = theirs.side.postgres_cpu / jobs * 1e6}};
}

}  // namespace

Status BenchSingles(BenchRun& run) {
  for (const Disk& disk : run.disks) {
    RETURN_IF_ERROR(run.federation.sync_delay().Set(disk.delay));
    for (const int connections : kConnections) {
      ASSIGN_OR_RETURN(
          const std::unique_ptr<ReferenceServer> server,
          ReferenceServer::Start({.program = run.programs + "/turnpike-insert-server",
                                  .arguments = {run.federation.reference(), run.federation.project_id().ToString(),
                                                std::to_string(connections)},
                                  .log_path = run.federation.folder() + "/insert-server.log"}));
      GoalResult result{.goal = {.name = "single jobs, 64 under way",
                                 .unit = "jobs/s",
                                 .reference = fmt::format("a commit each, {} connections", connections),
                                 .target = 2},
                        .disk = disk.name};
      ASSIGN_OR_RETURN(result.sync_micros, run.federation.sync_delay().MedianMicros());
      for (int round = 0; round < run.size.rounds; ++round) {
        ASSIGN_OR_RETURN(Round measured, MeasureRound(run, *server));
        result.rounds.push_back(measured);
      }
      run.report(result);
    }
  }
  return OkStatus();
}

}  // namespace turnpike
