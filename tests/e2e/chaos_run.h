#pragma once
// One chaos run: brokers on a PostgreSQL with a standby, sites with real Slurm clusters and one without, clients that
// submit all the while, and a seeded plan by which brokers, agents, PostgreSQL and the Slurm controllers are killed and
// frozen.  Then everything is brought back, all jobs must end, and the checker judges.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/e2e/chaos_load.h"
#include "tests/e2e/chaos_victim.h"
#include "tests/e2e/federation.h"
#include "tests/e2e/invariants.h"
#include "tests/e2e/postgres_faults.h"
#include "tests/e2e/slurm_lab.h"

namespace turnpike {

class ChaosRun {
 public:
  struct Settings {
    uint64_t seed = 1;
    int jobs = 200;
    std::chrono::seconds length{600};
    int brokers = 3;
    int clusters = 2;         // sites with Slurm; the others, up to three in all, are without
    std::string keep_folder;  // where logs and evidence go when something is wrong
  };
  explicit ChaosRun(Settings settings);
  ~ChaosRun();

  // OK when everything came to a sound end; else what did not.
  Status Run();
  // One line: seed, jobs, faults by kind, ends by state.
  std::string Summary();

 private:
  Status StartAll();
  Status StartSites();
  void MakeVictims();
  void AddDaemonVictim(const std::string& kind, const std::string& name, Daemon& daemon, std::function<Status()> start);
  void FollowPlan();
  void LookAround();
  Status HealAll();
  void ReturnNodes();
  Status WaitForAllEnds();
  Status CollectEvidence();
  Status Judge();
  Result<std::vector<LocalJobRow>> LocalJobs() const;
  void Keep();

  const Settings settings_;
  std::vector<std::unique_ptr<SlurmLab>> labs_;
  std::unique_ptr<Federation> federation_;
  std::optional<PostgresFaults> postgres_;
  std::vector<SiteAgent*> sites_;
  std::vector<std::unique_ptr<ChaosVictim>> victims_;
  std::vector<PlannedFault> plan_;
  std::vector<ProcessSample> samples_;
  std::unique_ptr<Database> database_;
  std::string ends_ = "none";
  std::chrono::steady_clock::time_point begin_;
  std::chrono::seconds drained_after_{0};
};

}  // namespace turnpike
