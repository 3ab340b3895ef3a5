// G11: events a second that reach 64 watchers of the broker, against a gRPC server that sends one message over and over
// to 64 streams; and how often the database is asked for events with 64 watchers and with one.

#include <grpcpp/security/credentials.h>

#include "base/file_sync.h"
#include "bench/goals/submit_rounds.h"
#include "bench/harness/watch_readers.h"
#include "bench/reference/reference_server.h"

namespace turnpike {
namespace {

constexpr int kWatchers = 64;
// Few enough that the jobs of all rounds fit what a watch shows at its beginning (20,000).
constexpr SubmitShape kEvents{.jobs = 2'000, .jobs_per_call = 100, .width = 2};

constexpr char kReads[] = R"sql(
    SELECT coalesce(sum(s.calls), 0)::bigint
      FROM pg_stat_statements AS s
      JOIN pg_roles AS r ON r.oid = s.userid
     WHERE r.rolname LIKE 'turnpike%'
       AND s.query LIKE '%FROM job_event%'
)sql";

// In whole batches.
int64_t EventsOf(const BenchRun& run) {
  const int64_t batches = run.size.Scaled(kEvents.jobs) / kEvents.jobs_per_call;
  return std::max<int64_t>(batches, 1) * kEvents.jobs_per_call;
}

// Watchers that have seen the jobs as they stand.
struct Audience {
  std::unique_ptr<WatchReaders> readers;
  int64_t events = 0;  // each has so many
};

Result<Audience> Gather(BenchRun& run, int watchers, int64_t live_jobs) {
  Audience audience{.readers = std::make_unique<WatchReaders>(WatchReaders::Settings{
                        .readers = watchers,
                        .address = run.federation.address(),
                        .credentials = run.federation.credentials(),
                        .prepare = [&](grpc::ClientContext& context) { run.federation.Authorize(context); }}),
                    .events = live_jobs};
  RETURN_IF_ERROR(audience.readers->WaitForEach(audience.events));
  return audience;
}

struct Watched {
  TimedSide side;
  int64_t reads = 0;
};

// One event a job: its submission.
Result<Watched> Watch(BenchRun& run, Audience& audience) {
  SubmitShape shape = kEvents;
  shape.jobs = EventsOf(run);
  RETURN_IF_ERROR(Checkpoint(run));
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> database, run.federation.OpenDatabase());
  RETURN_IF_ERROR(database->Execute("SELECT pg_stat_statements_reset()::text").status());
  Watched watched;
  const SideTimer timer(run.federation, run.federation.broker_pid());
  audience.events += shape.jobs;
  audience.readers->Expect(audience.events);
  RETURN_IF_ERROR(SubmitTimed(run, BrokerOf(run), shape).status());
  RETURN_IF_ERROR(audience.readers->WaitForEach(audience.events));
  watched.side = timer.Stop();
  ASSIGN_OR_RETURN(const Rows rows, database->Execute(kReads));
  watched.reads = rows.Int(0, 0);
  return watched;
}

Result<TimedSide> Stream(BenchRun& run, const ReferenceServer& server) {
  const SideTimer timer(run.federation, server.pid());
  WatchReaders readers({.readers = kWatchers,
                        .address = server.address(),
                        .credentials = grpc::InsecureChannelCredentials(),
                        .prepare = {}});
  RETURN_IF_ERROR(readers.WaitForEach(EventsOf(run)));
  return timer.Stop();
}

GoalResult FanOut() {
  return {.goal = {.name = fmt::format("events to {} watchers", kWatchers),
                   .unit = "events/s",
                   .reference = fmt::format("one message to {} streams", kWatchers),
                   .target = 0.50},
          .disk = "native"};
}

GoalResult DatabaseReads() {
  return {.goal = {.name = fmt::format("reads of the event log with {} watchers", kWatchers),
                   .unit = "reads",
                   .reference = "with one",
                   .target = 1.2,
                   .better = Better::kLower},
          .disk = "native"};
}

}  // namespace

Status BenchWatch(BenchRun& whole) {
  ASSIGN_OR_RETURN(const std::unique_ptr<LoadedFederation> federation,
                   whole.start_federation({.name = "watch", .counts_statements = true}));
  BenchRun run = RunIn(whole, *federation);
  constexpr SubmitShape kModel{.jobs = 1, .jobs_per_call = 0, .width = 1};
  RETURN_IF_ERROR(SubmitTimed(run, BrokerOf(run), kModel).status());
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> database, federation->OpenDatabase());
  RETURN_IF_ERROR(database->ExecuteScript("CREATE EXTENSION pg_stat_statements"));
  GoalResult fan_out = FanOut(), reads = DatabaseReads();
  ASSIGN_OR_RETURN(Audience one, Gather(run, 1, 1));
  std::vector<int64_t> reads_with_one;
  for (int round = 0; round < run.size.rounds; ++round) {
    ASSIGN_OR_RETURN(const Watched watched, Watch(run, one));
    reads_with_one.push_back(watched.reads);
  }
  const std::string message_path = federation->folder() + "/event";
  RETURN_IF_ERROR(WriteFileAtomically(message_path, one.readers->newest().SerializeAsString(), 0644));
  ASSIGN_OR_RETURN(const std::unique_ptr<ReferenceServer> server,
                   ReferenceServer::Start({.program = run.programs + "/turnpike-stream-server",
                                           .arguments = {message_path, std::to_string(EventsOf(run))},
                                           .log_path = federation->folder() + "/stream-server.log"}));
  const int64_t live_jobs = one.events;
  one.readers.reset();
  ASSIGN_OR_RETURN(Audience many, Gather(run, kWatchers, live_jobs));
  for (int round = 0; round < run.size.rounds; ++round) {
    ASSIGN_OR_RETURN(const Watched watched, Watch(run, many));
    ASSIGN_OR_RETURN(const TimedSide raw, Stream(run, *server));
    const auto events = static_cast<double>(EventsOf(run) * kWatchers);
    fan_out.rounds.push_back({.pair = {.measured = events / watched.side.seconds, .reference = events / raw.seconds},
                              .cpu = {.broker = watched.side.server_cpu / events * 1e6,
                                      .postgres = watched.side.postgres_cpu / events * 1e6,
                                      .reference_postgres = raw.server_cpu / events * 1e6}});
    reads.rounds.push_back({.pair = {.measured = static_cast<double>(watched.reads),
                                     .reference = static_cast<double>(reads_with_one[static_cast<size_t>(round)])},
                            .cpu = {}});
  }
  run.report(fan_out);
  run.report(reads);
  return OkStatus();
}

}  // namespace turnpike
