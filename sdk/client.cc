#include "sdk/client.h"

#include <algorithm>
#include <string>
#include <utility>

namespace turnpike {
namespace {

// How far a reader of output has come, and where it goes on after an interruption.
class LogPosition {
 public:
  explicit LogPosition(const v1::ReadLogRequest& request)
      : request_(request), follows_all_(request.follow() && request.attempt() == 0) {}

  const v1::ReadLogRequest& request() const { return request_; }
  bool is_beyond_last_attempt() const { return beyond_; }

  // Cuts off what was handed on before; false when nothing is left.
  bool Take(v1::ReadLogResponse& piece) {
    if (!piece.waiting_for().empty()) {
      return true;
    }
    if (piece.attempt() != attempt_) {
      attempt_ = piece.attempt();
      end_ = 0;
      beyond_ = false;
    }
    const auto size = static_cast<int64_t>(piece.data().size());
    const int64_t known = std::clamp<int64_t>(end_ - piece.offset(), 0, size);
    piece.mutable_data()->erase(0, static_cast<size_t>(known));
    piece.set_offset(piece.offset() + known);
    if (known == size) {
      return false;
    }
    end_ = piece.offset() + size - known;
    request_.set_offset(end_);
    if (follows_all_) {
      request_.set_attempt(attempt_);
    }
    return true;
  }

  // A call that went on within one attempt ends with it; whoever follows a job wants the ones after it too.
  bool GoToNextAttempt(const v1::ReadLogRequest& ended) {
    if (!follows_all_ || ended.attempt() == 0) {
      return false;
    }
    request_.set_attempt(std::max(request_.attempt(), ended.attempt()) + 1);
    request_.set_offset(0);
    beyond_ = true;
    return true;
  }

 private:
  v1::ReadLogRequest request_;
  const bool follows_all_;
  int32_t attempt_ = 0;  // whose output came last
  int64_t end_ = 0;      // handed on up to here
  bool beyond_ = false;  // asked for an attempt that there may never be
};

}  // namespace

template <class Response, class Request>
Result<Response> Client::Send(const char* method, Request request, std::chrono::milliseconds timeout) {
  std::string request_id = ids_.NewTimeOrdered().ToString();
  if constexpr (requires { request.set_request_id(request_id); }) {
    if (request.request_id().empty()) {
      request.set_request_id(request_id);
    }
    request_id = request.request_id();
  }
  Response response;
  RETURN_IF_ERROR(
      parts_.connection->Unary({.method = method, .request_id = request_id, .timeout = timeout}, request, response));
  return response;
}

Result<v1::SubmitJobResponse> Client::SubmitJob(v1::SubmitJobRequest request) {
  return Send<v1::SubmitJobResponse>("/turnpike.v1.JobService/SubmitJob", std::move(request), parts_.timeouts.submit);
}

Result<v1::BatchSubmitJobsResponse> Client::BatchSubmitJobs(v1::BatchSubmitJobsRequest request) {
  return Send<v1::BatchSubmitJobsResponse>("/turnpike.v1.JobService/BatchSubmitJobs", std::move(request),
                                           parts_.timeouts.submit);
}

Result<v1::GetJobResponse> Client::GetJob(v1::GetJobRequest request) {
  return Send<v1::GetJobResponse>("/turnpike.v1.JobService/GetJob", std::move(request), parts_.timeouts.unary);
}

Result<v1::ListJobsResponse> Client::ListJobs(v1::ListJobsRequest request) {
  return Send<v1::ListJobsResponse>("/turnpike.v1.JobService/ListJobs", std::move(request), parts_.timeouts.unary);
}

Result<v1::CancelJobResponse> Client::CancelJob(v1::CancelJobRequest request) {
  return Send<v1::CancelJobResponse>("/turnpike.v1.JobService/CancelJob", std::move(request), parts_.timeouts.unary);
}

Result<v1::QuoteJobResponse> Client::QuoteJob(v1::QuoteJobRequest request) {
  return Send<v1::QuoteJobResponse>("/turnpike.v1.JobService/QuoteJob", std::move(request), parts_.timeouts.unary);
}

Result<v1::ExplainJobResponse> Client::ExplainJob(v1::ExplainJobRequest request) {
  return Send<v1::ExplainJobResponse>("/turnpike.v1.JobService/ExplainJob", std::move(request), parts_.timeouts.unary);
}

Result<v1::RegisterSiteResponse> Client::RegisterSite(v1::RegisterSiteRequest request) {
  return Send<v1::RegisterSiteResponse>("/turnpike.v1.SiteService/RegisterSite", std::move(request),
                                        parts_.timeouts.unary);
}

Result<v1::GetSiteResponse> Client::GetSite(v1::GetSiteRequest request) {
  return Send<v1::GetSiteResponse>("/turnpike.v1.SiteService/GetSite", std::move(request), parts_.timeouts.unary);
}

Result<v1::ListSitesResponse> Client::ListSites(v1::ListSitesRequest request) {
  return Send<v1::ListSitesResponse>("/turnpike.v1.SiteService/ListSites", std::move(request), parts_.timeouts.unary);
}

Result<v1::UpdateSiteResponse> Client::UpdateSite(v1::UpdateSiteRequest request) {
  return Send<v1::UpdateSiteResponse>("/turnpike.v1.SiteService/UpdateSite", std::move(request), parts_.timeouts.unary);
}

Result<v1::ScheduleMaintenanceResponse> Client::ScheduleMaintenance(v1::ScheduleMaintenanceRequest request) {
  return Send<v1::ScheduleMaintenanceResponse>("/turnpike.v1.SiteService/ScheduleMaintenance", std::move(request),
                                               parts_.timeouts.unary);
}

Result<v1::CancelMaintenanceResponse> Client::CancelMaintenance(v1::CancelMaintenanceRequest request) {
  return Send<v1::CancelMaintenanceResponse>("/turnpike.v1.SiteService/CancelMaintenance", std::move(request),
                                             parts_.timeouts.unary);
}

Result<v1::DrainSiteResponse> Client::DrainSite(v1::DrainSiteRequest request) {
  return Send<v1::DrainSiteResponse>("/turnpike.v1.SiteService/DrainSite", std::move(request), parts_.timeouts.unary);
}

Result<v1::ResumeSiteResponse> Client::ResumeSite(v1::ResumeSiteRequest request) {
  return Send<v1::ResumeSiteResponse>("/turnpike.v1.SiteService/ResumeSite", std::move(request), parts_.timeouts.unary);
}

Result<v1::CreateEnrollmentTokenResponse> Client::CreateEnrollmentToken(v1::CreateEnrollmentTokenRequest request) {
  return Send<v1::CreateEnrollmentTokenResponse>("/turnpike.v1.SiteService/CreateEnrollmentToken", std::move(request),
                                                 parts_.timeouts.unary);
}

Result<v1::QuarantineSiteResponse> Client::QuarantineSite(v1::QuarantineSiteRequest request) {
  return Send<v1::QuarantineSiteResponse>("/turnpike.v1.SiteService/QuarantineSite", std::move(request),
                                          parts_.timeouts.unary);
}

Result<v1::ReleaseSiteResponse> Client::ReleaseSite(v1::ReleaseSiteRequest request) {
  return Send<v1::ReleaseSiteResponse>("/turnpike.v1.SiteService/ReleaseSite", std::move(request),
                                       parts_.timeouts.unary);
}

Result<v1::SetPriceBookResponse> Client::SetPriceBook(v1::SetPriceBookRequest request) {
  return Send<v1::SetPriceBookResponse>("/turnpike.v1.SiteService/SetPriceBook", std::move(request),
                                        parts_.timeouts.unary);
}

Result<v1::GetPriceBookResponse> Client::GetPriceBook(v1::GetPriceBookRequest request) {
  return Send<v1::GetPriceBookResponse>("/turnpike.v1.SiteService/GetPriceBook", std::move(request),
                                        parts_.timeouts.unary);
}

Result<v1::CreateProjectResponse> Client::CreateProject(v1::CreateProjectRequest request) {
  return Send<v1::CreateProjectResponse>("/turnpike.v1.BillingService/CreateProject", std::move(request),
                                         parts_.timeouts.unary);
}

Result<v1::UpdateProjectResponse> Client::UpdateProject(v1::UpdateProjectRequest request) {
  return Send<v1::UpdateProjectResponse>("/turnpike.v1.BillingService/UpdateProject", std::move(request),
                                         parts_.timeouts.unary);
}

Result<v1::DepositResponse> Client::Deposit(v1::DepositRequest request) {
  return Send<v1::DepositResponse>("/turnpike.v1.BillingService/Deposit", std::move(request), parts_.timeouts.unary);
}

Result<v1::GetAccountResponse> Client::GetAccount(v1::GetAccountRequest request) {
  return Send<v1::GetAccountResponse>("/turnpike.v1.BillingService/GetAccount", std::move(request),
                                      parts_.timeouts.unary);
}

Result<v1::ListTransfersResponse> Client::ListTransfers(v1::ListTransfersRequest request) {
  return Send<v1::ListTransfersResponse>("/turnpike.v1.BillingService/ListTransfers", std::move(request),
                                         parts_.timeouts.unary);
}

Result<v1::ListUsageResponse> Client::ListUsage(v1::ListUsageRequest request) {
  return Send<v1::ListUsageResponse>("/turnpike.v1.BillingService/ListUsage", std::move(request),
                                     parts_.timeouts.unary);
}

Status Client::WatchJobs(v1::WatchJobsRequest request, StopSignal& stop,
                         const std::function<bool(const v1::WatchJobsResponse&)>& on_response) {
  v1::WatchJobsResponse response;
  return Resume(stop, [&](bool& progressed) {
    const Call call{.method = "/turnpike.v1.JobService/WatchJobs",
                    .request_id = ids_.NewTimeOrdered().ToString(),
                    .timeout = std::chrono::milliseconds(0)};
    return parts_.connection->Stream(call, request, response, [&] {
      progressed = true;
      const bool go_on = on_response(response) && !stop.stopped();
      if (!response.event().resume_token().empty()) {
        request.set_resume_token(response.event().resume_token());
      }
      return go_on;
    });
  });
}

Status Client::ReadLog(const v1::ReadLogRequest& request, StopSignal& stop,
                       const std::function<bool(const v1::ReadLogResponse&)>& on_piece) {
  v1::ReadLogResponse piece;
  LogPosition position(request);
  bool given_up = false;
  return Resume(stop, [&](bool& progressed) {
    while (true) {
      const Call call{.method = "/turnpike.v1.JobService/ReadLog",
                      .request_id = ids_.NewTimeOrdered().ToString(),
                      .timeout = std::chrono::milliseconds(0)};
      const v1::ReadLogRequest next = position.request();
      const Status status = parts_.connection->Stream(call, next, piece, [&] {
        progressed = true;
        given_up = (position.Take(piece) && !on_piece(piece)) || stop.stopped();
        return !given_up;
      });
      if (!status.ok() || given_up || !position.GoToNextAttempt(next)) {
        return status.code() == StatusCode::kNotFound && position.is_beyond_last_attempt() ? OkStatus() : status;
      }
    }
  });
}

Status Client::Resume(StopSignal& stop, const std::function<Status(bool& progressed)>& attempt) const {
  int failures = 0;
  auto pause = parts_.pace.pause_first;
  while (true) {
    bool progressed = false;
    Status outcome = attempt(progressed);
    if (outcome.code() != StatusCode::kUnavailable) {
      return outcome;
    }
    if (progressed) {
      failures = 0;
      pause = parts_.pace.pause_first;
    }
    if (++failures > parts_.pace.failures_max) {
      return outcome;
    }
    if (stop.WaitFor(pause)) {
      return OkStatus();
    }
    pause = std::min(pause * 2, parts_.pace.pause_max);
  }
}

}  // namespace turnpike
