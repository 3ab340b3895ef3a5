#pragma once
// What the agent says, in the contract's messages.  Every text of a scheduler is made valid UTF-8 and bounded.

#include <turnpike/v1/site_link.pb.h>

#include <vector>

#include "adapters/core/job_report.h"
#include "adapters/core/scheduler.h"
#include "adapters/host/agent_config.h"
#include "adapters/host/agent_round.h"

namespace turnpike {

v1::Report ToReport(const JobReport& report);
v1::KnownAttempt ToKnownAttempt(const KnownAttemptView& attempt);

// What holds for all shares of a site.
struct SiteTraits {
  AccountMode account_mode = AccountMode::kOwnAccount;
  bool guarded = true;  // the spool is seen by the compute nodes, so that the start guard works
};
// `pause_reason`, where there is one, closes every share: the agent takes nothing new.
v1::Share ToShare(const ShareCapacity& share, const SiteTraits& traits, const std::string& pause_reason);

}  // namespace turnpike
