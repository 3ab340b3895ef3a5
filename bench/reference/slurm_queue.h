#pragma once
// A private Slurm controller whose jobs stay pending, and the two ways into it: sbatch, and Slurm's C library
// (slurm_submit_main.c), each in several processes at once.  Needs root.  Not shared by threads.

#include <memory>
#include <string>

#include "base/child_process.h"
#include "base/status.h"

namespace turnpike {

class SlurmQueue {
 public:
  struct Settings {
    std::string lab;     // the program deploy/lab/slurm_cluster
    std::string submit;  // the program turnpike-slurm-submit
    std::string folder;  // for the job's script
    std::string script;  // of every job
    int processes = 8;
  };
  // Why it cannot run here; empty: it can.
  static std::string Missing(const Settings& settings);
  static Result<std::unique_ptr<SlurmQueue>> Start(const Settings& settings);
  ~SlurmQueue();

  // Each process submits so many jobs, one after the other; returns when all have been accepted.
  Status SubmitBySbatch(int64_t jobs_per_process);
  Status SubmitByLibrary(int64_t jobs_per_process);
  // Cancels what is pending and waits until the queue is empty.
  Status Clear();

  int controller_pid() const { return controller_pid_; }
  int processes() const { return settings_.processes; }

 private:
  explicit SlurmQueue(Settings settings) : settings_(std::move(settings)) {}
  Status RunAtOnce(const std::vector<std::string>& argv);
  Result<std::string> Run(const std::vector<std::string>& argv) const;

  const Settings settings_;
  std::string script_path_;
  std::map<std::string, std::string> environment_;
  int controller_pid_ = 0;
};

// The cluster of this process, if it has one: stops it.  For the end of a bench that was told to end.
void StopSlurmQueue(const std::string& lab);

}  // namespace turnpike
