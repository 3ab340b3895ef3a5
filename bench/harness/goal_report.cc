#include "bench/harness/goal_report.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <sys/utsname.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace turnpike {
namespace {

std::string Figure(double value) {
  if (value >= 100) {
    return fmt::format("{:.0f}", value);
  }
  return value >= 10 ? fmt::format("{:.1f}", value) : fmt::format("{:.3g}", value);
}

std::string LoadAverage() {
  double loads[3] = {};
  return ::getloadavg(loads, 3) == 3 ? fmt::format("{:.1f} {:.1f} {:.1f}", loads[0], loads[1], loads[2]) : "?";
}

std::string ProcessorName() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) {
      return line.substr(line.find(':') + 2);
    }
  }
  return "?";
}

double MedianOf(const std::vector<Round>& rounds, double CpuShare::*part) {
  std::vector<double> values;
  for (const Round& round : rounds) {
    values.push_back(round.cpu.*part);
  }
  return Median(values);
}

}  // namespace

Standing Judge(const GoalResult& result) {
  std::vector<Pair> pairs;
  for (const Round& round : result.rounds) {
    pairs.push_back(round.pair);
  }
  return Judge(pairs, result.goal.target, result.goal.better);
}

std::string TableHead() {
  return "| goal | disk (sync µs) | measured | reference | ratio (worst) | wanted | verdict | CPU µs: broker, "
         "database, "
         "reference's server | rounds | load |\n"
         "|---|---|---|---|---|---|---|---|---|---|\n";
}

std::string RowOf(const GoalResult& result) {
  const Standing standing = Judge(result);
  return fmt::format("| {} | {} ({}) | {} {} | {} {} | {} ({}) | {} {} | {} | {}, {}, {} | {} | {} |{}\n",
                     result.goal.name, result.disk, Figure(result.sync_micros), Figure(standing.measured),
                     result.goal.unit, Figure(standing.reference), result.goal.reference, Figure(standing.ratio),
                     Figure(standing.worst), result.goal.better == Better::kHigher ? "≥" : "≤",
                     Figure(result.goal.target), standing.reached ? "reached" : "MISSED",
                     Figure(MedianOf(result.rounds, &CpuShare::broker)),
                     Figure(MedianOf(result.rounds, &CpuShare::postgres)),
                     Figure(MedianOf(result.rounds, &CpuShare::reference_postgres)), result.rounds.size(),
                     LoadAverage(), result.note.empty() ? "" : " " + result.note);
}

std::string RowOfNotRun(const std::string& goal, const std::string& why) {
  return fmt::format("| {} | | | | | | not run: {} | | | |\n", goal, why);
}

std::string SettingOf(const std::string& postgres_version) {
  utsname system{};
  ::uname(&system);
  return fmt::format("{}, {} processors; Linux {}; PostgreSQL {}; gRPC {}; load {}\n", ProcessorName(),
                     std::thread::hardware_concurrency(), system.release, postgres_version, grpc::Version(),
                     LoadAverage());
}

}  // namespace turnpike
