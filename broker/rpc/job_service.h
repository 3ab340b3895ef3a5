#pragma once
// JobService over the actions and stores.  Thread-safe; calls never block gRPC's threads.

#include <turnpike/v1/job_service.grpc.pb.h>

#include <map>

#include "billing/ports/ledger_store.h"
#include "broker/actions/explain_job.h"
#include "broker/actions/quote_job.h"
#include "broker/actions/submit_jobs.h"
#include "broker/live/index_follower.h"
#include "broker/live/log_hub.h"
#include "broker/live/watch_hub.h"
#include "broker/ports/event_log.h"
#include "broker/ports/log_store.h"
#include "broker/rpc/unary_call.h"

namespace turnpike {

// Calls come as bytes (raw_message.h), but for ReadLog; events go as bytes that all watchers share.
template <class Base>
using RawJobCalls = v1::JobService::WithRawCallbackMethod_SubmitJob<
    v1::JobService::WithRawCallbackMethod_BatchSubmitJobs<v1::JobService::WithRawCallbackMethod_GetJob<
        v1::JobService::WithRawCallbackMethod_ListJobs<v1::JobService::WithRawCallbackMethod_CancelJob<
            v1::JobService::WithRawCallbackMethod_QuoteJob<v1::JobService::WithRawCallbackMethod_ExplainJob<
                v1::JobService::WithRawCallbackMethod_WatchJobs<Base>>>>>>>>;

// What becomes of a submitted job: refused for a reason, or for none that has a name, or accepted.
constexpr size_t kOutcomeOther = static_cast<size_t>(ErrorReason::kInternal) + 1;
constexpr size_t kOutcomeAccepted = kOutcomeOther + 1;
constexpr size_t kOutcomes = kOutcomeAccepted + 1;

class JobService final : public RawJobCalls<v1::JobService::CallbackService> {
 public:
  struct Parts {
    CallSetting setting;
    SubmitJobs& submit;
    turnpike::QuoteJob& quote;
    turnpike::ExplainJob& explain;
    JobStore& jobs;
    LedgerStore& ledger;
    IndexFollower& index;
    EventLog& events;
    WatchHub& watch;
    LogStore& logs;
    LogHub& log_hub;
    Metrics& metrics;
    std::function<void()> committed;  // something was committed: look at the event log
  };
  explicit JobService(const Parts& parts);

  grpc::ServerUnaryReactor* SubmitJob(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* BatchSubmitJobs(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                            grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetJob(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                   grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListJobs(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* CancelJob(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* QuoteJob(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ExplainJob(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchJobs(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request) override;
  grpc::ServerWriteReactor<v1::ReadLogResponse>* ReadLog(grpc::CallbackServerContext* context,
                                                         const v1::ReadLogRequest* request) override;

 private:
  // Decodes on the pool, then the committer answers.
  template <class Request, class Response>
  grpc::ServerUnaryReactor* Submit(RawCall call);
  Result<SubmissionDraft> Decode(const Principal& principal, const v1::SubmitJobRequest& request);
  Result<SubmissionDraft> Decode(const Principal& principal, const v1::BatchSubmitJobsRequest& request);
  // Of one job, or of a call that was refused as a whole.
  void CountOutcome(const Status& status);
  Result<SubmissionDraft> DraftFor(const Principal& principal, const std::string& project);
  // The unit never changes, so it is looked up once.
  Result<std::string> UnitOf(ProjectId project_id) EXCLUDES(mutex_);
  // With what is known beside the database: why it waits.
  v1::Job Show(JobView view) const;
  Status Get(const Principal& principal, const v1::GetJobRequest& request, v1::GetJobResponse& response);
  Status List(const Principal& principal, const v1::ListJobsRequest& request, v1::ListJobsResponse& response);
  Status Cancel(const Principal& principal, const v1::CancelJobRequest& request, v1::CancelJobResponse& response);
  Status Quote(const Principal& principal, const v1::QuoteJobRequest& request, v1::QuoteJobResponse& response);
  Status Explain(const Principal& principal, const v1::ExplainJobRequest& request, v1::ExplainJobResponse& response);

  const Parts parts_;
  CounterArray<kOutcomes> outcomes_;
  Mutex mutex_;
  std::map<ProjectId, std::string> units_ GUARDED_BY(mutex_);
};

}  // namespace turnpike
