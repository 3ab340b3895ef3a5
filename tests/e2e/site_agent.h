#pragma once
// A site beside the broker's own: registered, priced and enrolled like a real one, with an agent that a test may kill
// and start again.  Not shared by threads.

#include <string>

#include "sdk/client.h"
#include "tests/e2e/daemon.h"

namespace turnpike {

struct SiteSettings {
  std::string name = "alpha";
  std::string core_hour_price = "0.02";
  std::string scheduler_yaml = {};  // what stands below `scheduler:`, each line with two spaces in front
  std::string share = "main";
  std::string environment = "clean";  // of the share: clean, login
  std::string region = {};
  std::string network_yaml = {};  // what stands below `network:`, as above; empty: nothing does
};

// One host without a scheduler; it settles quickly, since nobody but the agent can lose its jobs.
std::string ProcessScheduler(int cores);
// Through sbatch and its like.  Three times MessageTimeout=2 is its settle time.
std::string SlurmScheduler(const std::string& slurm_conf, std::chrono::seconds usage_wait);

class SiteAgent {
 public:
  struct Place {
    std::string folder;  // of this site alone
    std::string user_address;
    std::string agent_address;
  };
  SiteAgent(SiteSettings settings, Place place);

  // Everything before its first start.
  Status Enroll(Client& client);
  Status Start(const Failpoints& failpoints = {});
  // Its shares are known and it is connected: jobs can go there.
  Status WaitUntilReady(Client& client) const;

  Daemon& daemon() { return daemon_; }
  const std::string& name() const { return settings_.name; }
  std::string data_directory() const { return place_.folder + "/data"; }
  // Runs a subcommand of turnpike-agent on this site.
  Result<ChildResult> RunTool(std::vector<std::string> words, const std::string& input = "") const;

 private:
  std::string config_path() const { return place_.folder + "/agent.yaml"; }
  std::string ConfigText() const;

  SiteSettings settings_;
  Place place_;
  Daemon daemon_;
};

}  // namespace turnpike
