#pragma once
// Makes the local job of an attempt: checks the order against the site's map, fills the attempt's folder (script,
// settings, environment, work folder), and puts together the batch script.  Not shared by threads.

#include <string>
#include <string_view>

#include "adapters/core/local_job.h"
#include "adapters/host/agent_config.h"
#include "adapters/host/attempt_directory.h"
#include "adapters/host/order_view.h"
#include "base/ids.h"
#include "base/status.h"

namespace turnpike {

class LocalJobBuilder {
 public:
  struct Options {
    SiteMap map;
    AccountMode account_mode = AccountMode::kOwnAccount;
    SchedulerKind scheduler = SchedulerKind::kProcess;
    std::string site_key;
    std::string own_user;                         // the user the agent runs as
    std::string script_name = "turnpike_script";  // on Slurm "slurm_script", as $0 has it there
  };
  LocalJobBuilder(Options options, const AttemptDirectories& directories);

  const std::string& own_user() const { return options_.own_user; }
  // Who the job would run as, or why it cannot run here; touches nothing.  NOT_FOUND or INVALID_ARGUMENT, fit for the
  // job's owner.
  Result<LocalAccount> CheckOrder(const OrderView& order) const;
  // The whole job without its folder.  Errors are fit for the job's owner, but UNAVAILABLE: the host cannot tell.
  Result<LocalJob> Describe(const AttemptId& attempt_id, const OrderView& order) const;
  // Fills and syncs the folder of a job that Describe made; may be repeated.  Errors are this host's: its disk, its
  // file system.
  Status Fill(const LocalJob& job, const OrderView& order) const;
  // Both.
  Result<LocalJob> Prepare(const AttemptId& attempt_id, const OrderView& order) const;

 private:
  Options options_;
  const AttemptDirectories& directories_;
};

// Not to be set by an order: a scheduler's, the loader's and the shell's own (docs/security.md).
Status CheckEnvironmentVariable(std::string_view name, std::string_view value);

}  // namespace turnpike
