#include "broker/rpc/job_service.h"

#include <algorithm>

#include "base/grpc/call_metadata.h"
#include "broker/core/page_token.h"
#include "broker/rpc/convert_job.h"
#include "broker/rpc/convert_quote.h"
#include "broker/rpc/decode_spec.h"
#include "broker/rpc/find_job.h"
#include "broker/rpc/log_stream.h"
#include "broker/rpc/page_size.h"
#include "broker/rpc/request_keys.h"
#include "broker/rpc/watch_stream.h"

namespace turnpike {
namespace {

constexpr int kBatchJobsMax = 1'000;

Status CheckBatch(const v1::BatchSubmitJobsRequest& request) {
  FieldViolations violations;
  if (request.specs_size() == 0 || request.specs_size() > kBatchJobsMax) {
    violations.Add("specs",
                   fmt::format("are {}; 1 to {} are possible in one call", request.specs_size(), kBatchJobsMax));
  }
  return violations.ToStatus();
}

Status CheckSingle(const v1::SubmitJobRequest& request) {
  FieldViolations violations;
  if (request.job_case() == v1::SubmitJobRequest::kSignedSpec) {
    violations.AddUnsupported("signed_spec", "does not work yet; send the spec in clear");
  } else if (request.job_case() == v1::SubmitJobRequest::JOB_NOT_SET) {
    violations.Add("spec", "is not set; say what to run");
  }
  return violations.ToStatus();
}

v1::BatchSubmitJobsResponse::Refusal RefusalOf(const Status& status) {
  const ErrorDetails details = DetailsOf(status);
  v1::BatchSubmitJobsResponse::Refusal refusal;
  refusal.set_code(static_cast<int>(status.code()));
  refusal.set_message(std::string(MessageOf(status)));
  refusal.set_reason(details.reason ? std::string(ErrorReasonName(*details.reason)) : "");
  for (const FieldViolation& violation : details.violations) {
    refusal.add_violations(fmt::format("{}: {}", violation.path, violation.description));
  }
  return refusal;
}

using Results = std::vector<Result<JobView>>;

Status Fill(const Results& results, v1::SubmitJobResponse& response) {
  RETURN_IF_ERROR(results.front().status());
  *response.mutable_job() = ToProto(*results.front());
  return OkStatus();
}

Status Fill(const Results& results, v1::BatchSubmitJobsResponse& response) {
  for (const Result<JobView>& result : results) {
    auto& out = *response.add_results();
    if (result.ok()) {
      out.set_job_id(result->job_id.ToString());
    } else {
      *out.mutable_refusal() = RefusalOf(result.status());
    }
  }
  return OkStatus();
}

template <class Response>
Status Answer(const Results& results, grpc::ByteBuffer& bytes) {
  Response response;
  RETURN_IF_ERROR(Fill(results, response));
  return WriteResponse(response, bytes);
}

Result<v1::JobSpec> SpecOf(StoredJob& stored) {
  v1::JobSpec spec;
  if (!spec.ParseFromString(stored.spec)) {
    return DataLoss("the stored spec of job {} cannot be read", stored.view.job_id.ToString());
  }
  if (spec.has_script()) {
    spec.mutable_script()->set_content(std::move(stored.script));
  }
  return spec;
}

bool OnlyValidates(const v1::SubmitJobRequest& request) {
  return request.validate_only();
}
bool OnlyValidates(const v1::BatchSubmitJobsRequest& /*request*/) {
  return false;
}

std::string OutcomeName(size_t number) {
  if (number == kOutcomeAccepted) {
    return "ACCEPTED";
  }
  return number == kOutcomeOther ? "OTHER" : std::string(ErrorReasonName(static_cast<ErrorReason>(number)));
}

std::string ListDigest(const v1::ListJobsRequest& request, ProjectId project_id) {
  std::string text = "ListJobs " + project_id.ToString();
  for (const int state : request.states()) {
    text += fmt::format(" {}", state);
  }
  return text;
}

}  // namespace

JobService::JobService(const Parts& parts)
    : parts_(parts),
      outcomes_(parts.metrics, Metric::kSubmissions, [](size_t number) { return LabelValues{OutcomeName(number)}; }) {}

grpc::ServerUnaryReactor* JobService::SubmitJob(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                grpc::ByteBuffer* response) {
  return Submit<v1::SubmitJobRequest, v1::SubmitJobResponse>({context, request, response});
}

grpc::ServerUnaryReactor* JobService::BatchSubmitJobs(grpc::CallbackServerContext* context,
                                                      const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return Submit<v1::BatchSubmitJobsRequest, v1::BatchSubmitJobsResponse>({context, request, response});
}

grpc::ServerUnaryReactor* JobService::GetJob(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                             grpc::ByteBuffer* response) {
  return HandleCall<v1::GetJobRequest, v1::GetJobResponse>(parts_.setting, {context, request, response},
                                                           std::bind_front(&JobService::Get, this));
}

grpc::ServerUnaryReactor* JobService::ListJobs(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                               grpc::ByteBuffer* response) {
  return HandleCall<v1::ListJobsRequest, v1::ListJobsResponse>(parts_.setting, {context, request, response},
                                                               std::bind_front(&JobService::List, this));
}

grpc::ServerUnaryReactor* JobService::CancelJob(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                grpc::ByteBuffer* response) {
  return HandleCall<v1::CancelJobRequest, v1::CancelJobResponse>(parts_.setting, {context, request, response},
                                                                 std::bind_front(&JobService::Cancel, this));
}

grpc::ServerUnaryReactor* JobService::QuoteJob(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                               grpc::ByteBuffer* response) {
  return HandleCall<v1::QuoteJobRequest, v1::QuoteJobResponse>(parts_.setting, {context, request, response},
                                                               std::bind_front(&JobService::Quote, this));
}

grpc::ServerUnaryReactor* JobService::ExplainJob(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                 grpc::ByteBuffer* response) {
  return HandleCall<v1::ExplainJobRequest, v1::ExplainJobResponse>(parts_.setting, {context, request, response},
                                                                   std::bind_front(&JobService::Explain, this));
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* JobService::WatchJobs(grpc::CallbackServerContext* context,
                                                                  const grpc::ByteBuffer* request) {
  return new WatchStream({.setting = parts_.setting, .jobs = parts_.jobs, .events = parts_.events, .hub = parts_.watch},
                         *context, *request);
}

grpc::ServerWriteReactor<v1::ReadLogResponse>* JobService::ReadLog(grpc::CallbackServerContext* context,
                                                                   const v1::ReadLogRequest* request) {
  return new LogStream({.setting = parts_.setting,
                        .jobs = parts_.jobs,
                        .logs = parts_.logs,
                        .hub = parts_.log_hub,
                        .watch = parts_.watch,
                        .index = parts_.index},
                       *context, *request);
}

template <class Request, class Response>
grpc::ServerUnaryReactor* JobService::Submit(RawCall call) {
  const auto handle = [this, call](const Caller& caller, const FinishCall& finish) {
    const auto answer = [this, call, finish, permit = caller.permit](const Result<SubmissionAnswer>& outcome) {
      if (!outcome.ok()) {
        CountOutcome(outcome.status());
      }
      finish(outcome.ok() ? Answer<Response>(outcome->results, *call.response) : outcome.status());
    };
    Request request;
    const Status read = ReadRequest(*call.request, request);
    Result<SubmissionDraft> draft = read.ok() ? Decode(caller.principal, request) : read;
    if (draft.ok()) {
      draft->trace = TraceOf(*call.context);
      caller.permit->ChargeJobs(draft->jobs.size());
    }
    if (!draft.ok()) {
      answer(draft.status());
    } else if (OnlyValidates(request)) {
      answer(SubmissionAnswer{.results = parts_.submit.Validate(*draft)});
    } else {
      parts_.submit.Run(*draft, [this, answer](const Result<SubmissionAnswer>& outcome) {
        for (size_t i = 0; outcome.ok() && i < outcome->results.size(); ++i) {
          CountOutcome(outcome->results[i].status());
        }
        answer(outcome);
      });
    }
  };
  return BeginCall(parts_.setting, call.context, CallKind::kSubmission, handle);
}

void JobService::CountOutcome(const Status& status) {
  if (status.ok()) {
    outcomes_.Add(kOutcomeAccepted);
    return;
  }
  const ErrorDetails details = DetailsOf(status);
  outcomes_.Add(details.reason ? static_cast<size_t>(*details.reason) : kOutcomeOther);
}

Result<SubmissionDraft> JobService::Decode(const Principal& principal, const v1::SubmitJobRequest& request) {
  RETURN_IF_ERROR(CheckSingle(request));
  ASSIGN_OR_RETURN(SubmissionDraft draft, DraftFor(principal, request.project_id()));
  draft.jobs.push_back(DecodeSpec(request.spec(), "spec"));
  RETURN_IF_ERROR(draft.jobs.front().invalid);
  draft.quote = request.quote();
  if (!request.validate_only()) {
    ASSIGN_OR_RETURN(
        draft.key,
        KeyOf(KeyedCall{.project_id = draft.key.project_id, .method = "SubmitJob", .request_id = request.request_id()},
              request));
  }
  return draft;
}

Result<SubmissionDraft> JobService::Decode(const Principal& principal, const v1::BatchSubmitJobsRequest& request) {
  RETURN_IF_ERROR(CheckBatch(request));
  ASSIGN_OR_RETURN(SubmissionDraft draft, DraftFor(principal, request.project_id()));
  ASSIGN_OR_RETURN(draft.key, KeyOf(KeyedCall{.project_id = draft.key.project_id,
                                              .method = "BatchSubmitJobs",
                                              .request_id = request.request_id()},
                                    request));
  for (int i = 0; i < request.specs_size(); ++i) {
    draft.jobs.push_back(DecodeSpec(request.specs(i), fmt::format("specs[{}]", i)));
  }
  return draft;
}

Result<SubmissionDraft> JobService::DraftFor(const Principal& principal, const std::string& project) {
  SubmissionDraft draft;
  ASSIGN_OR_RETURN(draft.key.project_id, ProjectOf(principal, project));
  ASSIGN_OR_RETURN(draft.project_unit, UnitOf(draft.key.project_id));
  draft.subject = principal.subject;
  return draft;
}

Result<std::string> JobService::UnitOf(ProjectId project_id) {
  {
    MutexLock lock(mutex_);
    const auto found = units_.find(project_id);
    if (found != units_.end()) {
      return found->second;
    }
  }
  ASSIGN_OR_RETURN(const ProjectView project, parts_.ledger.FindProject(project_id.ToString()));
  MutexLock lock(mutex_);
  units_[project_id] = project.unit;
  return project.unit;
}

v1::Job JobService::Show(JobView view) const {
  if (view.state == JobState::kPending) {
    const std::string reason = parts_.index.WaitingReasonOf(view.job_id);
    view.reason = reason.empty() ? view.reason : reason;
  }
  return ToProto(view);
}

Status JobService::Get(const Principal& principal, const v1::GetJobRequest& request, v1::GetJobResponse& response) {
  ASSIGN_OR_RETURN(const ProjectId project_id, ProjectOf(principal, ""));
  ASSIGN_OR_RETURN(const JobId job_id, FindJob(parts_.jobs, project_id, request.job_id()));
  ASSIGN_OR_RETURN(StoredJob stored, parts_.jobs.Get(project_id, job_id));
  ASSIGN_OR_RETURN(v1::JobSpec spec, SpecOf(stored));
  *response.mutable_job() = Show(std::move(stored.view));
  *response.mutable_job()->mutable_spec() = std::move(spec);
  return OkStatus();
}

Status JobService::List(const Principal& principal, const v1::ListJobsRequest& request,
                        v1::ListJobsResponse& response) {
  JobListRequest list;
  ASSIGN_OR_RETURN(list.project_id, ProjectOf(principal, request.project_id()));
  ASSIGN_OR_RETURN(const size_t page_size, PageSizeOf(request.page_size()));
  const std::string digest = ListDigest(request, list.project_id);
  if (!request.page_token().empty()) {
    ASSIGN_OR_RETURN(const PageKey key, DecodePageToken(request.page_token(), digest));
    list.before = JobId(key.id);
  }
  for (const int state : request.states()) {
    const std::optional<JobState> wanted = FromProto(static_cast<v1::JobState>(state));
    if (!wanted) {
      FieldViolations violations;
      violations.Add("states", fmt::format("hold {}, which is no state", state));
      return violations.ToStatus();
    }
    list.states.push_back(*wanted);
  }
  list.limit = page_size + 1;  // One more tells whether there is a next page.
  ASSIGN_OR_RETURN(std::vector<JobView> jobs, parts_.jobs.List(list));
  if (jobs.size() > page_size) {
    jobs.resize(page_size);
    response.set_next_page_token(
        EncodePageToken({.time = jobs.back().created_at, .id = jobs.back().job_id.uuid()}, digest));
  }
  for (JobView& job : jobs) {
    *response.add_jobs() = Show(std::move(job));
  }
  return OkStatus();
}

Status JobService::Cancel(const Principal& principal, const v1::CancelJobRequest& request,
                          v1::CancelJobResponse& response) {
  ASSIGN_OR_RETURN(const ProjectId project_id, ProjectOf(principal, ""));
  ASSIGN_OR_RETURN(const JobId job_id, FindJob(parts_.jobs, project_id, request.job_id()));
  ASSIGN_OR_RETURN(
      const RequestKey key,
      KeyOf(KeyedCall{.project_id = project_id, .method = "CancelJob", .request_id = request.request_id()}, request));
  ASSIGN_OR_RETURN(JobView job, parts_.jobs.Cancel(key, job_id));
  parts_.committed();
  *response.mutable_job() = Show(std::move(job));
  return OkStatus();
}

Status JobService::Quote(const Principal& principal, const v1::QuoteJobRequest& request,
                         v1::QuoteJobResponse& response) {
  QuoteOrder order;
  ASSIGN_OR_RETURN(order.project_id, ProjectOf(principal, request.project_id()));
  ASSIGN_OR_RETURN(order.project_unit, UnitOf(order.project_id));
  order.job = DecodeSpec(request.spec(), "spec");
  ASSIGN_OR_RETURN(const JobQuote quote, parts_.quote.Run(order));
  response = ToProto(quote);
  return OkStatus();
}

Status JobService::Explain(const Principal& principal, const v1::ExplainJobRequest& request,
                           v1::ExplainJobResponse& response) {
  ASSIGN_OR_RETURN(const ProjectId project_id, ProjectOf(principal, ""));
  ASSIGN_OR_RETURN(const JobId job_id, FindJob(parts_.jobs, project_id, request.job_id()));
  ASSIGN_OR_RETURN(StoredJob stored, parts_.jobs.Get(project_id, job_id));
  ASSIGN_OR_RETURN(const v1::JobSpec spec, SpecOf(stored));
  const ExplainOrder order{.job = stored.view, .written = DecodeSpec(spec, "spec").request};
  ASSIGN_OR_RETURN(const JobExplanation explanation, parts_.explain.Run(order));
  response = ToProto(explanation);
  *response.mutable_job() = Show(std::move(stored.view));
  return OkStatus();
}

}  // namespace turnpike
