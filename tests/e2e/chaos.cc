// turnpike-chaos: one chaos run (tests/e2e/chaos_run.h).  Prints one line, with the verdict at its end.  Exit code 0:
// sound; 1: not.  tests/chaos runs many seeds.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "tests/e2e/chaos_run.h"

int main(int argc, char** argv) {
  turnpike::ChaosRun::Settings settings;
  int64_t seconds = settings.length.count();
  CLI::App app("Kills and freezes a whole federation by a seeded plan, then checks what came of it.", "turnpike-chaos");
  app.add_option("--seed", settings.seed, "Of the faults and of the jobs")->capture_default_str();
  app.add_option("--jobs", settings.jobs, "How many")->capture_default_str();
  app.add_option("--seconds", seconds, "How long there are faults")->capture_default_str();
  app.add_option("--brokers", settings.brokers, "How many")->capture_default_str();
  app.add_option("--clusters", settings.clusters, "How many of the three sites have a Slurm cluster (needs root)")
      ->check(CLI::Range(0, 3))
      ->capture_default_str();
  app.add_option("--keep", settings.keep_folder, "Where logs and evidence go when something is wrong");
  CLI11_PARSE(app, argc, argv);
  settings.length = std::chrono::seconds(seconds);
  if (!settings.keep_folder.empty()) {
    settings.keep_folder = std::filesystem::absolute(settings.keep_folder);
  }
  turnpike::ChaosRun run(settings);
  const turnpike::Status verdict = run.Run();
  fmt::print("{}; verdict: {}\n", run.Summary(), verdict.ok() ? "sound" : turnpike::MessageOf(verdict));
  return verdict.ok() ? 0 : 1;
}
