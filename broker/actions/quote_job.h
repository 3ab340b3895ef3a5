#pragma once
// What a job would cost and when it would run, share by share, and the quote that binds it.  Stores nothing, but what
// no share can run or funds do not cover.  Thread-safe.

#include <optional>
#include <string>
#include <vector>

#include "billing/ports/ledger_store.h"
#include "broker/actions/quote_seal.h"
#include "broker/actions/submit_jobs.h"
#include "broker/core/explain.h"
#include "broker/ports/refusal_store.h"

namespace turnpike {

struct QuoteOrder {
  ProjectId project_id;
  std::string project_unit;
  JobDraft job;
};

struct JobQuote {
  std::string unit;
  std::optional<int64_t> ceiling_micros;  // what submission sets aside; nullopt: no share can run it
  std::vector<ExplainedShare> shares;
  std::string quote;  // sealed; empty: no share can run it
  Timestamp expires_at{};
};

class QuoteJob {
 public:
  struct Parts {
    QuoteBasisSource& basis;
    QuoteSeal& seal;
    RefusalStore& refusals;
    LedgerStore& ledger;
    const Clock& clock;
  };
  explicit QuoteJob(const Parts& parts) : parts_(parts) {}

  Result<JobQuote> Run(const QuoteOrder& order);

 private:
  Status KeepIfRefused(ProjectId project_id, const JobRequest& request, const Evaluation& evaluation,
                       const MatchSetting& setting);

  const Parts parts_;
};

}  // namespace turnpike
