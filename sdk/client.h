#pragma once
// Turnpike's C++ client: one method per call of the contract (proto/turnpike/v1).  Errors carry the details that the
// broker gave (DetailsOf in base/error_reason.h).  Thread-safe.
//
//   SystemClock clock; SystemRandom random; IdSource ids(clock, random);
//   ASSIGN_OR_RETURN(auto connection, Connect(settings));
//   Client client(std::move(connection), ids);
//   ASSIGN_OR_RETURN(v1::SubmitJobResponse accepted, client.SubmitJob(request));

#include <turnpike/v1/billing_service.pb.h>
#include <turnpike/v1/job_service.pb.h>
#include <turnpike/v1/site_service.pb.h>

#include <chrono>
#include <functional>
#include <memory>

#include "base/ids.h"
#include "base/status.h"
#include "base/stop_signal.h"
#include "sdk/connection.h"

namespace turnpike {

// How WatchJobs and ReadLog go on after UNAVAILABLE: the pause doubles, and any progress starts it afresh.
struct ResumePace {
  std::chrono::milliseconds pause_first{200};
  std::chrono::milliseconds pause_max{10'000};
  int failures_max = 30;  // in a row, about five minutes; then the error is returned
};

struct ClientTimeouts {
  std::chrono::milliseconds unary{10'000};
  std::chrono::milliseconds submit{30'000};
};

class Client {
 public:
  struct Parts {
    std::unique_ptr<Connection> connection;
    ClientTimeouts timeouts;
    ResumePace pace;
  };
  Client(std::unique_ptr<Connection> connection, IdSource& ids)
      : Client(Parts{.connection = std::move(connection), .timeouts = {}, .pace = {}}, ids) {}
  Client(Parts parts, IdSource& ids) : parts_(std::move(parts)), ids_(ids) {}

  // An empty request_id is filled in, and stays the same over retries.  To retry later, after a crash even, fill it in
  // yourself.
  Result<v1::SubmitJobResponse> SubmitJob(v1::SubmitJobRequest request);
  Result<v1::BatchSubmitJobsResponse> BatchSubmitJobs(v1::BatchSubmitJobsRequest request);
  Result<v1::GetJobResponse> GetJob(v1::GetJobRequest request);
  Result<v1::ListJobsResponse> ListJobs(v1::ListJobsRequest request);
  Result<v1::CancelJobResponse> CancelJob(v1::CancelJobRequest request);
  Result<v1::QuoteJobResponse> QuoteJob(v1::QuoteJobRequest request);
  Result<v1::ExplainJobResponse> ExplainJob(v1::ExplainJobRequest request);

  Result<v1::RegisterSiteResponse> RegisterSite(v1::RegisterSiteRequest request);
  Result<v1::GetSiteResponse> GetSite(v1::GetSiteRequest request);
  Result<v1::ListSitesResponse> ListSites(v1::ListSitesRequest request);
  Result<v1::UpdateSiteResponse> UpdateSite(v1::UpdateSiteRequest request);
  Result<v1::DrainSiteResponse> DrainSite(v1::DrainSiteRequest request);
  Result<v1::ScheduleMaintenanceResponse> ScheduleMaintenance(v1::ScheduleMaintenanceRequest request);
  Result<v1::CancelMaintenanceResponse> CancelMaintenance(v1::CancelMaintenanceRequest request);
  Result<v1::ResumeSiteResponse> ResumeSite(v1::ResumeSiteRequest request);
  Result<v1::CreateEnrollmentTokenResponse> CreateEnrollmentToken(v1::CreateEnrollmentTokenRequest request);
  Result<v1::QuarantineSiteResponse> QuarantineSite(v1::QuarantineSiteRequest request);
  Result<v1::ReleaseSiteResponse> ReleaseSite(v1::ReleaseSiteRequest request);
  Result<v1::SetPriceBookResponse> SetPriceBook(v1::SetPriceBookRequest request);
  Result<v1::GetPriceBookResponse> GetPriceBook(v1::GetPriceBookRequest request);

  Result<v1::CreateProjectResponse> CreateProject(v1::CreateProjectRequest request);
  Result<v1::DepositResponse> Deposit(v1::DepositRequest request);
  Result<v1::UpdateProjectResponse> UpdateProject(v1::UpdateProjectRequest request);
  Result<v1::GetAccountResponse> GetAccount(v1::GetAccountRequest request);
  Result<v1::ListTransfersResponse> ListTransfers(v1::ListTransfersRequest request);
  Result<v1::ListUsageResponse> ListUsage(v1::ListUsageRequest request);

  // Calls `on_response` for every change, in order, each once, and for every sign of life (no event in it), at least
  // each 15 s. After UNAVAILABLE it goes on behind the last event.  OK when `on_response` returns false or `stop` is
  // set, else the error.
  Status WatchJobs(v1::WatchJobsRequest request, StopSignal& stop,
                   const std::function<bool(const v1::WatchJobsResponse&)>& on_response);

  // Calls `on_piece` for every piece of the output, in order, each byte once, also over UNAVAILABLE; and with follow
  // for every word of what is waited for (no data in it).  OK at the end of the output, or when `on_piece` returns
  // false or `stop` is set.
  Status ReadLog(const v1::ReadLogRequest& request, StopSignal& stop,
                 const std::function<bool(const v1::ReadLogResponse&)>& on_piece);

 private:
  template <class Response, class Request>
  Result<Response> Send(const char* method, Request request, std::chrono::milliseconds timeout);
  // Repeats `attempt` after UNAVAILABLE; it sets `progressed` when something came.
  Status Resume(StopSignal& stop, const std::function<Status(bool& progressed)>& attempt) const;

  Parts parts_;
  IdSource& ids_;
};

}  // namespace turnpike
