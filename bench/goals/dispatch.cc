// G5: from a submission until the agent has its offer, with a million jobs waiting for something else, against the same
// with ten thousand.  Two federations in turns; one job at a time.

#include "bench/goals/submit_rounds.h"
#include "bench/goals/waiting_federation.h"

namespace turnpike {
namespace {

constexpr int64_t kMany = 1'000'000;
constexpr int64_t kFew = 10'000;
constexpr int32_t kWideCores = 64;
constexpr int64_t kSubmissions = 300;

// Those that wait want more cores of a node than the free share has; the others are full.
std::vector<v1::Share> FreeAndFull() {
  v1::Share full = ShareOf("main", 1'000, 128, 0);
  full.mutable_load()->set_open(false);
  return {ShareOf("free", 1'000, 4, 1'000), full};
}

struct Backlog {
  std::unique_ptr<LoadedFederation> federation;
  std::unique_ptr<BenchRun> run;
  std::unique_ptr<EndingAgent> agent;
};

Result<Backlog> MakeBacklog(const BenchRun& whole, const std::string& name, int64_t waiting) {
  Backlog backlog;
  ASSIGN_OR_RETURN(backlog.federation, whole.start_federation({.name = name}));
  backlog.run = std::make_unique<BenchRun>(RunIn(whole, *backlog.federation));
  RETURN_IF_ERROR(StoreWaiting(*backlog.run, {.count = waiting, .cpus_per_task = kWideCores}));
  RETURN_IF_ERROR(backlog.federation->StartBroker());
  ASSIGN_OR_RETURN(backlog.agent, EndingAgent::Make(*backlog.federation));
  RETURN_IF_ERROR(backlog.agent->link().Connect());
  RETURN_IF_ERROR(backlog.agent->link().SendCapacity(FreeAndFull()));
  RETURN_IF_ERROR(backlog.agent->WaitForOffer(0).status());  // The model.
  RETURN_IF_ERROR(backlog.agent->EndOffered());
  return backlog;
}

struct Dispatches {
  std::vector<double> micros;
  TimedSide side;
};

Result<Dispatches> SubmitOneByOne(Backlog& backlog) {
  BenchRun& run = *backlog.run;
  constexpr SubmitShape kOne{.jobs = 1, .jobs_per_call = 0, .width = 1};
  RETURN_IF_ERROR(Checkpoint(run));
  RETURN_IF_ERROR(backlog.agent->link().SendCapacity(FreeAndFull()));  // A site that says nothing gets nothing.
  Dispatches dispatches;
  const SideTimer timer(run.federation, run.federation.broker_pid());
  for (int64_t i = 0; i < run.size.Scaled(kSubmissions); ++i) {
    const int64_t known = backlog.agent->offers();
    const auto start = std::chrono::steady_clock::now();
    RETURN_IF_ERROR(SubmitTimed(run, BrokerOf(run), kOne).status());
    ASSIGN_OR_RETURN(const PlayedAgent::SteadyTime offered, backlog.agent->WaitForOffer(known));
    dispatches.micros.push_back(std::chrono::duration<double, std::micro>(offered - start).count());
    RETURN_IF_ERROR(backlog.agent->EndOffered());
  }
  dispatches.side = timer.Stop();
  return dispatches;
}

Result<Round> MeasureRound(Backlog& many, Backlog& few) {
  ASSIGN_OR_RETURN(const Dispatches with_many, SubmitOneByOne(many));
  ASSIGN_OR_RETURN(const Dispatches with_few, SubmitOneByOne(few));
  const auto jobs = static_cast<double>(with_many.micros.size());
  return Round{.pair = {.measured = Percentile(with_many.micros, 99), .reference = Percentile(with_few.micros, 99)},
               .cpu = {.broker = with_many.side.server_cpu / jobs * 1e6,
                       .postgres = with_many.side.postgres_cpu / jobs * 1e6,
                       .reference_postgres = with_few.side.postgres_cpu / jobs * 1e6}};
}

}  // namespace

Status BenchDispatch(BenchRun& run) {
  const int64_t many_waiting = run.size.Scaled(kMany), few_waiting = run.size.Scaled(kFew);
  ASSIGN_OR_RETURN(Backlog many, MakeBacklog(run, "many", many_waiting));
  ASSIGN_OR_RETURN(Backlog few, MakeBacklog(run, "few", few_waiting));
  for (const Disk& disk : run.disks) {
    RETURN_IF_ERROR(many.federation->sync_delay().Set(disk.delay));
    RETURN_IF_ERROR(few.federation->sync_delay().Set(disk.delay));
    GoalResult result{.goal = {.name = fmt::format("submission to offer, p99, {} jobs waiting", many_waiting),
                               .unit = "µs",
                               .reference = fmt::format("with {}", few_waiting),
                               .target = 1.5,
                               .better = Better::kLower},
                      .disk = disk.name};
    ASSIGN_OR_RETURN(result.sync_micros, many.federation->sync_delay().MedianMicros());
    for (int round = 0; round < run.size.rounds; ++round) {
      ASSIGN_OR_RETURN(const Round measured, MeasureRound(many, few));
      result.rounds.push_back(measured);
    }
    run.report(result);
  }
  return OkStatus();
}

}  // namespace turnpike
