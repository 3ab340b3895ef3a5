#pragma once
// A private Slurm cluster for one test: real daemons, which the test may kill, freeze and revive
// (deploy/lab/slurm_cluster). Needs root.  Ends with the object.

#include <memory>
#include <string>
#include <vector>

#include "base/child_process.h"
#include "base/status.h"

namespace turnpike {

class SlurmLab {
 public:
  enum class Accounting { kYes, kNo };
  // A test with several clusters gives each a letter of its own.
  static Result<std::unique_ptr<SlurmLab>> Start(Accounting accounting, const std::string& letter = "");
  ~SlurmLab();
  SlurmLab(const SlurmLab&) = delete;
  SlurmLab& operator=(const SlurmLab&) = delete;

  // kill, revive, pause or resume a daemon: slurmctld, slurmd-NODE, …
  Status Do(const std::string& verb, const std::string& daemon);
  // Waits until the controller has written down all that happened so far, which it does within seconds, and keeps a
  // copy.
  Status SaveState();
  // The controller forgets everything since: what a crash does to the jobs of its last seconds.
  Status RollBackController();

  // What an administrator does with nodes that the controller took out of service, for example because it gave an id
  // a second time after a crash ("Duplicate jobid").
  Status ReturnNodes();

  // One of Slurm's commands, as a user of the cluster.
  Result<std::string> Command(std::vector<std::string> argv, const std::string& input = "") const;
  // Names of jobs that wait or run.
  Result<std::vector<std::string>> LiveJobNames() const;
  // Every job that the controller remembers: "ID NAME STATE".
  Result<std::vector<std::string>> AllJobs() const;
  std::string conf_path() const { return folder_ + "/conf/slurm.conf"; }

 private:
  explicit SlurmLab(std::string name) : name_(std::move(name)) {}
  Result<std::vector<std::string>> Queue(const std::vector<std::string>& options) const;

  const std::string name_;
  std::string folder_;
};

}  // namespace turnpike
