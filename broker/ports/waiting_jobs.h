#pragma once
// Where a waiting job stands among the others.  Every replica knows it from memory.

#include <cstdint>
#include <memory>
#include <optional>

#include "broker/ports/quote_basis.h"

namespace turnpike {

constexpr size_t kJobsAheadMax = 10'000;  // nobody needs the exact number of more

struct WaitingStanding {
  JobRequest request;      // as it is matched
  int64_t jobs_ahead = 0;  // whose turn comes before, if each finds a place; at most kJobsAheadMax
  std::shared_ptr<const QuoteBasis> basis;
};

class WaitingJobs {
 public:
  virtual ~WaitingJobs() = default;
  // nullopt: it does not wait, or its submission was not heard of yet.
  virtual std::optional<WaitingStanding> StandingOf(JobId job_id) const = 0;
};

}  // namespace turnpike
