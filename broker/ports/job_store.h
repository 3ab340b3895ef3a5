#pragma once
// Jobs as users see them: submitted, read, cancelled.  Thread-safe; every call is a transaction of its own, seen by the
// projects named in it and by nobody else (row-level security).

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/call_trace.h"
#include "base/money.h"
#include "base/request_key.h"
#include "broker/core/job_view.h"
#include "broker/ports/refusal_store.h"

namespace turnpike {

// One validated, quoted job that only has to be stored.
struct NewJob {
  JobId job_id;
  std::string name;
  std::string subject;
  CallTrace trace;            // of the call that submitted it
  Uuid class_id;              // of `class_request`
  std::string class_request;  // what it asks for, encoded (broker/core/stored_request.h)
  std::string spec;           // the contract's JobSpec without its script
  std::string script;         // empty: a command
  int priority = 0;
  int64_t nodes = 0;
  int64_t cores = 0;
  int64_t accelerators = 0;
  int64_t time_limit_seconds = 0;
  int attempts_max = 0;
  bool rerun_safe = false;
  Timestamp created_at{};
  int64_t reserve_micros = 0;  // the funds hold
  std::string unit;
};

// One call that submits jobs; in a batch each job is accepted or refused for itself.
struct SubmitCall {
  RequestKey key;
  std::vector<NewJob> jobs;
  // Makes the reply that is stored with the key, from one result per job.
  std::function<std::string(const std::vector<Result<JobView>>&)> encode_reply;
  std::vector<QuoteRefusal> refusals = {};  // of its jobs that never came here; those refused here are added
};

struct SubmitVerdict {
  Status status;          // of the call as a whole: a key used for something else
  bool repeated = false;  // the key was there: `reply` is what was stored then
  std::string reply;
  std::vector<Result<JobView>> results;  // one per job, unless repeated
};

struct StoredJob {
  JobView view;
  std::string spec;
  std::string script;
};

// A page of a project's jobs, newest first: those before `before` (by id, which is time-ordered).
struct JobListRequest {
  ProjectId project_id;
  std::optional<JobId> before;
  size_t limit = 0;
  std::vector<JobState> states;  // empty: all
  std::vector<JobId> only = {};  // empty: all of the project's
};

class JobStore {
 public:
  virtual ~JobStore() = default;

  // One transaction for all calls (a group commit): jobs, funds holds, events, keys.  One verdict per call.  A call
  // whose jobs are all refused stores nothing but the refusals.  An error Status: nothing is known to be stored;
  // UNAVAILABLE when the outcome of the commit is unknown.
  virtual Result<std::vector<SubmitVerdict>> Submit(const std::vector<SubmitCall>& calls) = 0;

  virtual Result<StoredJob> Get(ProjectId project_id, JobId job_id) = 0;
  virtual Result<JobId> FindByNumber(ProjectId project_id, int64_t number) = 0;
  virtual Result<std::vector<JobView>> List(const JobListRequest& request) = 0;

  // Not yet claimed: ends at once.  Claimed or later: the wish is stored and goes to the site.  FAILED_PRECONDITION
  // when it has ended.
  virtual Result<JobView> Cancel(const RequestKey& key, JobId job_id) = 0;
};

}  // namespace turnpike
