#pragma once
// What an agent's configuration describes, put together: who it runs as, the site's key, the scheduler, the folders.
// Made by every subcommand that touches the site; one thread uses it.

#include <memory>
#include <optional>
#include <string>

#include "adapters/core/scheduler.h"
#include "adapters/host/agent_config.h"
#include "adapters/host/attempt_directory.h"
#include "adapters/host/local_job_builder.h"
#include "adapters/host/site_folders.h"
#include "adapters/link/identity_store.h"
#include "adapters/slurm/measured_command_runner.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/status.h"
#include "base/stop_signal.h"
#include "base/system_clock.h"

namespace turnpike {

inline SitePaths PathsOf(const AgentConfig& config) {
  return {.data_directory = config.data_directory, .spool_directory = config.spool_directory};
}

class AgentSite {
 public:
  // Opens the data directory and the spool, and makes the site's key where the site is new.
  static Result<std::unique_ptr<AgentSite>> Open(AgentConfig config);
  AgentSite(const AgentSite&) = delete;
  AgentSite& operator=(const AgentSite&) = delete;

  // For good: FAILED_PRECONDITION where only one program at a time may use it, and another one does.
  Status OpenScheduler() { return OpenSchedulerWith(config_.data_directory + "/process"); }
  // For a look, also while an agent runs: where this program is the scheduler itself, one with a state of its own.
  Status OpenSchedulerAside() { return OpenSchedulerWith(config_.data_directory + "/process-aside"); }
  // A builder of jobs whose comments and guards are under this key.
  std::unique_ptr<LocalJobBuilder> MakeBuilder(const std::string& key) const;

  const AgentConfig& config() const { return config_; }
  const std::string& site_key() const { return site_key_; }
  const std::string& own_user() const { return own_user_; }
  const std::string& boot_id() const { return boot_id_; }  // of this host
  // As site flags in orders name the kind: "slurm".
  std::string scheduler_kind() const;
  std::string journal_folder() const { return PathsOf(config_).journal_folder(); }
  AttemptDirectories& directories() { return *directories_; }
  Scheduler& scheduler() { return *scheduler_; }  // once opened
  bool has_scheduler() const { return scheduler_ != nullptr; }
  const IdentityStore& identity() const { return identity_; }
  const Clock& clock() const { return clock_; }
  RandomSource& random() { return random_; }
  StopSignal& stop() { return stop_; }
  Metrics& metrics() { return metrics_; }

 private:
  explicit AgentSite(AgentConfig config) : config_(std::move(config)), identity_(config_.data_directory) {}
  Status OpenFolders();
  // `state_directory` is for kinds that keep their state themselves.
  Status OpenSchedulerWith(const std::string& state_directory);
  Status OpenProcessScheduler(const std::string& state_directory);
  void OpenSlurmScheduler();
  std::vector<std::string> EarlierTags() const;

  AgentConfig config_;
  IdentityStore identity_;
  std::string own_user_;
  std::string boot_id_;
  std::string site_key_;
  SystemClock clock_;
  SystemRandom random_;
  StopSignal stop_;
  Metrics metrics_;
  ChildCommandRunner child_runner_;
  MeasuredCommandRunner runner_{child_runner_, metrics_};
  std::optional<AttemptDirectories> directories_;
  std::unique_ptr<Scheduler> scheduler_;
};

}  // namespace turnpike
