// turnpike-bench: measures the broker beside what is possible on this machine.  bench/run builds and calls it.

#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/grpc/credentials.h"
#include "base/log.h"
#include "base/stop_signal.h"
#include "bench/goals/bench_run.h"
#include "bench/harness/end_on_signal.h"
#include "bench/reference/slurm_queue.h"

namespace turnpike {
namespace {

struct Options {
  std::string folder = "/var/tmp";
  std::string programs;
  std::string slurm_cluster;
  std::string table;
  std::vector<std::string> goals;
  BenchSize size;
  int slow_micros = 4'000;
  bool keep = false;
  bool statements = false;
};

struct NamedBench {
  const char* name;
  const char* what;
  Status (*run)(BenchRun&);
};

constexpr NamedBench kBenches[] = {
    {"batches", "batches of 100 against raw COPY", BenchBatches},
    {"singles", "single jobs against a server that commits each by itself", BenchSingles},
    {"latency", "one job at a time against a raw commit", BenchLatency},
    {"sbatch", "single jobs and batches against sbatch and Slurm's C library, 8 processes each", BenchSbatch},
    {"decay", "batches of 100 with 5 million jobs stored against none", BenchDecay},
    {"status", "agents' reports against raw updates", BenchStatus},
    {"restart", "from the start to the first offer with 1 million jobs waiting, and their memory", BenchRestart},
    {"dispatch", "from a submission to the agent with 1 million jobs waiting against 10,000", BenchDispatch},
    {"watch", "events to 64 watchers against raw gRPC streams", BenchWatch},
    {"record", "the record of a round of placement against the round itself, with 10,000 jobs waiting", BenchRecord},
    {"overload", "five minutes of twice the load that the broker can take", BenchOverload},
};

constexpr char kDearestStatements[] = R"sql(
    SELECT (total_exec_time + total_plan_time)::bigint, total_plan_time::bigint, calls, rows,
           left(regexp_replace(query, '\s+', ' ', 'g'), 110)
      FROM pg_stat_statements
     ORDER BY total_exec_time + total_plan_time DESC
     LIMIT 15
)sql";

std::string BenchList() {
  std::string list = "Goals:\n";
  for (const NamedBench& bench : kBenches) {
    list += fmt::format("  {:<12} {}\n", bench.name, bench.what);
  }
  return list;
}

Result<std::string> MakeFolder(const std::string& parent) {
  std::string folder = parent + "/turnpike-bench-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) {
    return Unavailable("cannot make a folder in {}", parent);
  }
  std::filesystem::permissions(folder, std::filesystem::perms(0755));
  return folder;
}

// Where the database's time went.
Status PrintStatements(LoadedFederation& federation) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> database, federation.OpenDatabase());
  ASSIGN_OR_RETURN(const Rows rows, database->Execute(kDearestStatements));
  std::cout << "| total ms | of it planning | calls | rows | statement |\n|---|---|---|---|---|\n";
  for (int row = 0; row < rows.size(); ++row) {
    std::cout << fmt::format("| {} | {} | {} | {} | {} |\n", rows.Int(row, 0), rows.Int(row, 1), rows.Int(row, 2),
                             rows.Int(row, 3), rows.Text(row, 4));
  }
  return database->Execute("SELECT pg_stat_statements_reset()").status();
}

bool IsWanted(const Options& options, const std::string& name) {
  return options.goals.empty() || std::ranges::find(options.goals, name) != options.goals.end();
}

Result<std::unique_ptr<LoadedFederation>> StartFederation(const Options& options, const NewFederation& wanted) {
  std::map<std::string, std::string> postgres;
  if (options.statements || wanted.counts_statements) {
    postgres = {{"shared_preload_libraries", "pg_stat_statements"}, {"pg_stat_statements.track_planning", "on"}};
  }
  return LoadedFederation::Start({.folder = options.folder + "/" + wanted.name,
                                  .broker = options.programs + "/turnpike-broker",
                                  .slow_sync = options.programs + "/turnpike_slow_sync.so",
                                  .postgres = postgres,
                                  .sites = wanted.sites});
}

Status RunBenches(const Options& options, LoadedFederation& federation, std::string& table) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> database, federation.OpenDatabase());
  if (options.statements) {
    RETURN_IF_ERROR(database->ExecuteScript("CREATE EXTENSION pg_stat_statements"));
  }
  ASSIGN_OR_RETURN(const Rows version, database->Execute("SHOW server_version"));
  table = SettingOf(std::string(version.Text(0, 0))) + "\n" + TableHead();
  std::cout << table << std::flush;
  BenchRun run{.federation = federation,
               .size = options.size,
               .programs = options.programs,
               .slurm_cluster = options.slurm_cluster,
               .disks = {{.name = "native", .delay = std::chrono::microseconds(0)}}};
  if (options.slow_micros > 0) {
    run.disks.push_back({.name = "slowed", .delay = std::chrono::microseconds(options.slow_micros)});
  }
  const auto print = [&](const std::string& row) {
    std::cout << row << std::flush;
    table += row;
  };
  run.report = [&](const GoalResult& result) { print(RowOf(result)); };
  run.report_not_run = [&](const std::string& goal, const std::string& why) { print(RowOfNotRun(goal, why)); };
  run.start_federation = [&](const NewFederation& wanted) { return StartFederation(options, wanted); };
  for (const NamedBench& bench : kBenches) {
    if (IsWanted(options, bench.name)) {
      RETURN_IF_ERROR(bench.run(run));
      RETURN_IF_ERROR(run.federation.sync_delay().Set(std::chrono::microseconds(0)));
      RETURN_IF_ERROR(options.statements ? PrintStatements(federation) : OkStatus());
      RETURN_IF_ERROR(CheckNothingLost(run));
    }
  }
  print(fmt::format("\nAfter SIGKILL to broker and database: all {} accepted jobs are there.\n", run.accepted.size()));
  return OkStatus();
}

// What a bench leaves that is told to end.
void ClearUp(const Options& options) {
  StopSlurmQueue(options.slurm_cluster);
  std::error_code ignored;  // Nothing more can be done.
  if (!options.keep) {
    std::filesystem::remove_all(options.folder, ignored);
  }
}

Status RunAll(Options options) {
  ASSIGN_OR_RETURN(options.folder, MakeFolder(options.folder));
  const EndOnSignal end_on_signal([options] { ClearUp(options); });
  std::string table;
  Status status;
  {
    const auto federation = StartFederation(options, {.name = "main"});
    status = federation.ok() ? RunBenches(options, **federation, table) : federation.status();
  }
  if (status.ok() && !options.table.empty()) {
    std::ofstream(options.table) << table;
  }
  if (status.ok() && !options.keep) {
    std::filesystem::remove_all(options.folder);
  } else {
    std::cout << "kept: " << options.folder << "\n";
  }
  return status;
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("Measures the broker beside what is possible on this machine.", "turnpike-bench");
  app.footer(BenchList());
  app.add_option("--folder", options.folder, "Where the data goes: the disk that is measured")->capture_default_str();
  app.add_option("--programs", options.programs, "The folder of the built programs")->required();
  app.add_option("--slurm-cluster", options.slurm_cluster,
                 "The program deploy/lab/slurm_cluster; without it, nothing is measured beside Slurm");
  app.add_option("--table", options.table, "Write the table there, too");
  app.add_option("--rounds", options.size.rounds, "Rounds of each pair")->capture_default_str();
  app.add_option("--scale", options.size.scale, "Of the work in a round")->capture_default_str();
  app.add_option("--slow-micros", options.slow_micros, "How long a sync lasts on the slowed disk; 0: leave it out")
      ->capture_default_str();
  app.add_flag("--statements", options.statements,
               "After each goal, where the database's time went; costs some itself");
  app.add_flag("--keep", options.keep, "Keep the folder");
  app.add_option("goals", options.goals, "Only these (all)");
  CLI11_PARSE(app, argc, argv);
  SetUpLog("turnpike-bench", LogLevel::kWarn, LogFormat::kAuto);
  const Status status = RunAll(options);
  if (!status.ok()) {
    LogError(MessageOf(status));
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace turnpike

int main(int argc, char** argv) {
  turnpike::BlockTerminationSignals();
  turnpike::RefuseOldTls();
  return turnpike::Main(argc, argv);
}
