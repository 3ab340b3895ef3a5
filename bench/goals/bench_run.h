#pragma once
// What every goal's bench is given, and what it gives back.

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "bench/harness/goal_report.h"
#include "bench/harness/loaded_federation.h"

namespace turnpike {

struct BenchSize {
  int rounds = 5;
  double scale = 1;  // of the amount of work in a round

  int64_t Scaled(int64_t count) const { return static_cast<int64_t>(static_cast<double>(count) * scale); }
};

struct Disk {
  std::string name;
  std::chrono::microseconds delay;
};

struct NewFederation {
  std::string name;
  int sites = 1;
  bool counts_statements = false;  // pg_stat_statements, in the broker's database
};

// One run of the program: one federation, filled by one goal after the other.
struct BenchRun {
  LoadedFederation& federation;
  BenchSize size;
  std::string programs;       // the folder of the built ones
  std::string slurm_cluster;  // the program that starts a private one; empty: none
  std::vector<Disk> disks;
  std::vector<JobId> accepted = {};  // every job that the broker ever accepted
  int64_t jobs_made = 0;             // so that no two jobs have one script
  std::function<void(const GoalResult&)> report = {};
  std::function<void(const std::string& goal, const std::string& why)> report_not_run = {};
  // For a goal that wants to choose what is in it.
  std::function<Result<std::unique_ptr<LoadedFederation>>(const NewFederation& settings)> start_federation = {};
};

// The same run in another federation, of which nothing has been asked yet.
BenchRun RunIn(const BenchRun& run, LoadedFederation& federation);

// Each reports a result for each disk.
Status BenchBatches(BenchRun& run);
Status BenchSingles(BenchRun& run);
Status BenchLatency(BenchRun& run);
Status BenchSbatch(BenchRun& run);
Status BenchDecay(BenchRun& run);
Status BenchStatus(BenchRun& run);
Status BenchRestart(BenchRun& run);
Status BenchDispatch(BenchRun& run);
Status BenchWatch(BenchRun& run);
Status BenchOverload(BenchRun& run);
Status BenchRecord(BenchRun& run);
// SIGKILL to broker and database, and every accepted job is there, with all that belongs to it; else the run is void.
Status CheckNothingLost(BenchRun& run);

}  // namespace turnpike
