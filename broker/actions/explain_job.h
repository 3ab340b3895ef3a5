#pragma once
// Why a job is where it is, and for one that waits, what would help.  Thread-safe.

#include <string>
#include <vector>

#include "billing/ports/ledger_store.h"
#include "broker/core/explain.h"
#include "broker/ports/waiting_jobs.h"

namespace turnpike {

struct ExplainOrder {
  JobView job;
  JobRequest written;  // what its user asked for, with the budget that they set
};

struct JobExplanation {
  std::string summary;
  int64_t jobs_ahead = 0;
  std::string unit;
  std::vector<ExplainedShare> shares;
  std::vector<std::string> advice;
};

class ExplainJob {
 public:
  struct Parts {
    WaitingJobs& waiting;
    QuoteBasisSource& basis;
    LedgerStore& ledger;
    const Clock& clock;
  };
  explicit ExplainJob(const Parts& parts) : parts_(parts) {}

  Result<JobExplanation> Run(const ExplainOrder& order) const;

 private:
  Result<JobExplanation> ExplainWaiting(const ExplainOrder& order, const WaitingStanding& standing) const;
  // What a new submission of the job could set aside: its own hold would be free again.
  Result<int64_t> AvailableFor(const JobView& job) const;
  std::chrono::seconds TimeLimitOf(const JobView& job) const;

  const Parts parts_;
};

}  // namespace turnpike
