#pragma once
// Validates, quotes and queues submissions.  Thread-safe; waits for the database only where a quote's key or prices are
// not known yet: the answer comes through the queue.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/call_trace.h"
#include "base/ids.h"
#include "broker/actions/quote_seal.h"
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
  CallTrace trace;    // of the call
  std::string quote;  // sealed, for the one job; empty: today's prices
};

// One result per job, or the error of the call as a whole.
struct SubmissionAnswer {
  std::vector<Result<JobView>> results;
};

class SubmitJobs {
 public:
  struct Parts {
    SubmissionQueue& queue;
    QuoteBasisSource& basis;
    QuoteSeal& seal;
    IdSource& ids;
    const Clock& clock;
  };
  explicit SubmitJobs(const Parts& parts) : parts_(parts) {}

  using Done = std::function<void(Result<SubmissionAnswer>)>;
  void Run(const SubmissionDraft& draft, Done done);
  // Everything but storing: what would be set aside for each job.
  std::vector<Result<JobView>> Validate(const SubmissionDraft& draft);

 private:
  // The prices that hold for a submission.
  struct Terms {
    std::shared_ptr<const QuoteBasis> basis;
    int64_t price_list = 0;
    std::optional<int64_t> ceiling_micros;  // by a quote
    Timestamp now{};
  };

  Result<Terms> TermsFor(const SubmissionDraft& draft, Timestamp now);
  Result<NewJob> Prepare(const SubmissionDraft& draft, const JobDraft& job, const Result<Terms>& terms,
                         std::vector<QuoteRefusal>& refusals);

  const Parts parts_;
};

}  // namespace turnpike
