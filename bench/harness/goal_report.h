#pragma once
// The table that a bench prints: each goal with what was measured, beside what, and whether it was reached.

#include <string>
#include <vector>

#include "bench/harness/statistics.h"

namespace turnpike {

struct Goal {
  std::string name;       // "G1 batches of 100"
  std::string unit;       // of measured and reference: "jobs/s"
  std::string reference;  // what it is compared with: "COPY of 1000"
  double target = 0;      // of measured / reference
  Better better = Better::kHigher;
};

// Processor time for each job (or whatever the goal counts), in microseconds.
struct CpuShare {
  double broker = 0;
  double postgres = 0;
  double reference_postgres = 0;
};

struct Round {
  Pair pair;
  CpuShare cpu;
};

struct GoalResult {
  Goal goal;
  std::string disk;  // "native", "4 ms"
  double sync_micros = 0;
  std::vector<Round> rounds = {};
  std::string note = {};
};

Standing Judge(const GoalResult& result);
// One row of a Markdown table.
std::string RowOf(const GoalResult& result);
std::string TableHead();
// Of a goal that cannot be measured here, and why.
std::string RowOfNotRun(const std::string& goal, const std::string& why);
// Machine, versions, load: what figures are worth nothing without.
std::string SettingOf(const std::string& postgres_version);

}  // namespace turnpike
