#pragma once
// What one share was checked for, with what the job needs and what the share has.  The first check that fails is the
// filter's refusal.  Made only when somebody asks.

#include <string>
#include <vector>

#include "broker/core/evaluate.h"

namespace turnpike {

struct ShareCheck {
  RefusalReason reason = RefusalReason::kFull;  // what the share would be refused for
  std::string name;                             // "cores per node"
  std::string required;
  std::string available;
  bool passed = false;
  friend bool operator==(const ShareCheck&, const ShareCheck&) = default;
};

// In the filter's order, then what only comparison and free capacity tell.  Checks that ask nothing of the share are
// left out.
std::vector<ShareCheck> ChecksOf(const JobRequest& request, const ShareVerdict& verdict, const MatchSetting& setting,
                                 std::optional<ProjectId> project_id = {});

}  // namespace turnpike
