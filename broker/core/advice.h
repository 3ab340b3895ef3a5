#pragma once
// What a user could change so that a job runs, or runs sooner: each change was tried out on the shares as they are.
// Pure.

#include <optional>
#include <string>
#include <vector>

#include "broker/core/evaluate.h"

namespace turnpike {

constexpr size_t kAdvicesMax = 5;

struct AdviceBasis {
  JobRequest request;  // as it would be submitted again today
  std::optional<ProjectId> project_id;
  int64_t available_micros = 0;  // what its account could set aside for it
};

struct Advice {
  std::string text;                   // "shorten --time to 24:00:00: then alpha/main could run it now"
  std::optional<JobRequest> changed;  // nullopt: somebody else has to act
};

// Nothing for a job that a share would take now; else the fewest changes first.  Where some share could run the job at
// another time, only what makes it run now counts.
std::vector<Advice> AdviceFor(const AdviceBasis& basis, const Evaluation& standing, const MatchSetting& setting);

}  // namespace turnpike
