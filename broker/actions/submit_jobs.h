#pragma once
// Validates, quotes and queues submissions.  Thread-safe; never waits for the database: the answer comes through the
// queue.

#include <map>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/mutex.h"
#include "billing/ports/ledger_store.h"
#include "broker/core/job_request.h"
#include "broker/ports/quote_basis.h"
#include "broker/ports/submission_queue.h"

namespace turnpike {

// One job as its user asked for it, checked for form by the edge that decoded it.
struct JobDraft {
  std::string name;
  JobRequest request;  // without unit and price list; budget as the user wrote it
  std::string spec;    // the contract's JobSpec without its script
  std::string script;
  Status invalid;  // not OK: refused for its form; the rest of a batch goes on
};

struct SubmissionDraft {
  RequestKey key;
  std::string subject;
  std::string project_unit;  // of the account that pays
  std::vector<JobDraft> jobs;
};

// One result per job, or the error of the call as a whole.
struct SubmissionAnswer {
  std::vector<Result<JobView>> results;
};

class SubmitJobs {
 public:
  SubmitJobs(SubmissionQueue& queue, QuoteBasisSource& basis, IdSource& ids, const Clock& clock)
      : queue_(queue), basis_(basis), ids_(ids), clock_(clock) {}

  using Done = std::function<void(Result<SubmissionAnswer>)>;
  void Run(SubmissionDraft draft, Done done);
  // Everything but storing: what would be set aside for each job.
  std::vector<Result<JobView>> Validate(const SubmissionDraft& draft);

 private:
  Result<NewJob> Prepare(const SubmissionDraft& draft, const JobDraft& job, const QuoteBasis& basis, Timestamp now);

  SubmissionQueue& queue_;
  QuoteBasisSource& basis_;
  IdSource& ids_;
  const Clock& clock_;
};

}  // namespace turnpike
