#pragma once
// The Slurm adapter: sbatch, squeue, sacct, scancel and scontrol behind the Scheduler port.  One thread uses it.
// What it remembers only spares questions; everything can be found again by tag after a restart.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapters/core/scheduler.h"
#include "adapters/slurm/command_runner.h"
#include "adapters/slurm/settings.h"
#include "adapters/slurm/site_check.h"
#include "adapters/slurm/slurm_client.h"
#include "base/random.h"
#include "base/time.h"

namespace turnpike {

class SlurmScheduler final : public Scheduler {
 public:
  struct Parts {
    SlurmSettings settings;
    CommandRunner& runner;
    RandomSource& random;
    const Clock& clock;
    WaitFunction wait;  // for Check
    // Of attempts that were here before this process: accounting is asked for them until it has shown a job of ours.
    std::vector<std::string> earlier_tags = {};
  };
  explicit SlurmScheduler(Parts parts);

  Result<std::string> Describe() override;
  SubmitOutcome Submit(const LocalJob& job) override;
  std::vector<std::string> CommandFor(const LocalJob& job) override;
  PollResult Poll(const PollRequest& request) override;
  Status Cancel(const LocalJobIdentity& job) override;
  Result<std::vector<ShareCapacity>> ReadCapacity() override;
  std::vector<CheckLine> Check(const LocalJob& probe) override;

 private:
  // A job of a user that accounting showed us lately: asked for again, it proves that accounting still shows us that
  // user's jobs.
  struct Witness {
    std::string tag;
    Timestamp submit_time{};
  };

  SubmitOutcome ReadBack(const LocalJob& job, const std::string& local_job_id);
  SourceReading ReadQueueSource();
  SourceReading ReadAccountingSource(const PollRequest& request);
  Result<std::vector<slurm::AccountingJob>> AskAccounting(const PollRequest& request);
  Status AddRowsById(const PollRequest& request, std::vector<slurm::AccountingJob>& rows);
  void Settle(LocalJobView& view);
  void Remember(const PollRequest& request, const PollResult& result);

  SlurmSettings settings_;
  CommandRunner& runner_;
  const Clock& clock_;
  WaitFunction wait_;
  const std::vector<std::string> earlier_tags_;
  slurm::SlurmClient client_;
  bool accounting_;
  std::map<std::string, LocalJobIdentity> known_;  // by tag
  std::set<std::string> cancelled_;                // tags
  std::map<std::string, Witness> witnesses_;       // by local user
  std::set<std::string> unknown_words_;            // said once each
};

}  // namespace turnpike
