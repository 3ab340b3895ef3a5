// G10: how long a broker takes from its start to its first placement when a million jobs wait, against COPY TO of what
// it reads of them; and how much memory each of them holds.

#include "bench/goals/submit_rounds.h"
#include "bench/goals/waiting_federation.h"
#include "bench/harness/cpu_meter.h"

namespace turnpike {
namespace {

constexpr int64_t kWaiting = 1'000'000;
constexpr double kBytesMax = 250;

// What the index of waiting jobs needs.
constexpr char kRawRead[] = R"sql(
    SELECT s.job_id, s.project_id, s.class_id, s.version, s.state, s.site_id, s.share, s.started_at, j.priority, j.created_at
      FROM job_state AS s
      JOIN job AS j ON j.project_id = s.project_id AND j.job_id = s.job_id
)sql";

struct Started {
  TimedSide side;
  int64_t resident_bytes = 0;
};

v1::Share OneNode() {
  return ShareOf("main", 1, 4, 1);
}
v1::Share Closed() {
  v1::Share share = ShareOf("main", 1, 4, 0);
  share.mutable_load()->set_open(false);
  return share;
}

// From the start of the process until the agent, which dials all the time, has an offer; then the site is closed, and
// all that was offered ends.
Result<Started> StartUntilOffer(BenchRun& run, EndingAgent& agent) {
  RETURN_IF_ERROR(run.federation.KillBroker());
  RETURN_IF_ERROR(Checkpoint(run));
  const int64_t known = agent.offers();
  const SideTimer timer(run.federation, 0);
  RETURN_IF_ERROR(run.federation.LaunchBroker());
  RETURN_IF_ERROR(agent.link().Connect());
  RETURN_IF_ERROR(agent.link().SendCapacity({OneNode()}));
  RETURN_IF_ERROR(agent.WaitForOffer(known).status());
  Started started{.side = timer.Stop()};
  started.side.server_cpu = CpuOfProcess(run.federation.broker_pid());
  ASSIGN_OR_RETURN(started.resident_bytes, ResidentBytes(run.federation.broker_pid()));
  RETURN_IF_ERROR(run.federation.WaitUntilServing());
  RETURN_IF_ERROR(agent.link().SendCapacity({Closed()}));
  return started;
}

// Nothing is offered any more, and what was has ended.
Status EndAll(BenchRun& run, EndingAgent& agent) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> database, run.federation.OpenDatabase());
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (std::chrono::steady_clock::now() < until) {
    RETURN_IF_ERROR(agent.EndOffered());
    ASSIGN_OR_RETURN(const Rows rows, database->Execute("SELECT count(*) FROM attempt"));
    if (rows.Int(0, 0) == 0) {
      return OkStatus();
    }
  }
  return DeadlineExceeded("the agent's jobs do not end");
}

Result<TimedSide> ReadRaw(BenchRun& run, RawCopy& reference) {
  const SideTimer timer(run.federation, 0);
  ASSIGN_OR_RETURN(const std::string rows, reference.CopyOut(kRawRead));
  return timer.Stop();
}

Result<Round> MeasureRound(BenchRun& run, EndingAgent& agent, RawCopy& reference, int64_t& resident_bytes) {
  ASSIGN_OR_RETURN(const Started ours, StartUntilOffer(run, agent));
  RETURN_IF_ERROR(EndAll(run, agent));
  resident_bytes = ours.resident_bytes;
  ASSIGN_OR_RETURN(const TimedSide raw, ReadRaw(run, reference));
  const auto jobs = static_cast<double>(run.size.Scaled(kWaiting));
  return Round{.pair = {.measured = ours.side.seconds, .reference = raw.seconds},
               .cpu = {.broker = ours.side.server_cpu / jobs * 1e6,
                       .postgres = ours.side.postgres_cpu / jobs * 1e6,
                       .reference_postgres = raw.postgres_cpu / jobs * 1e6}};
}

}  // namespace

Status BenchRestart(BenchRun& whole) {
  ASSIGN_OR_RETURN(const std::unique_ptr<LoadedFederation> federation, whole.start_federation({.name = "restart"}));
  BenchRun run = RunIn(whole, *federation);
  const int64_t waiting = run.size.Scaled(kWaiting);
  ASSIGN_OR_RETURN(const std::unique_ptr<EndingAgent> agent, EndingAgent::Make(*federation));
  RETURN_IF_ERROR(StoreWaiting(run, {.count = 0}));  // The model alone waits.
  ASSIGN_OR_RETURN(const Started empty, StartUntilOffer(run, *agent));
  RETURN_IF_ERROR(EndAll(run, *agent));
  RETURN_IF_ERROR(StoreWaiting(run, {.count = waiting}));
  ASSIGN_OR_RETURN(const std::unique_ptr<RawCopy> reference, RawCopy::Open(federation->database()));
  GoalResult start{.goal = {.name = fmt::format("start to first offer, {} jobs waiting", waiting),
                            .unit = "s",
                            .reference = "COPY TO of what is read",
                            .target = 3,
                            .better = Better::kLower},
                   .disk = "native"};
  GoalResult memory{.goal = {.name = "memory of a waiting job",
                             .unit = "bytes",
                             .reference = "wanted at most",
                             .target = 1,
                             .better = Better::kLower},
                    .disk = "native"};
  for (int round = 0; round < run.size.rounds; ++round) {
    int64_t resident_bytes = 0;
    ASSIGN_OR_RETURN(const Round measured, MeasureRound(run, *agent, *reference, resident_bytes));
    start.rounds.push_back(measured);
    const auto more = static_cast<double>(resident_bytes - empty.resident_bytes);
    memory.rounds.push_back(
        {.pair = {.measured = more / static_cast<double>(waiting), .reference = kBytesMax}, .cpu = {}});
  }
  run.report(start);
  run.report(memory);
  return OkStatus();
}

}  // namespace turnpike
