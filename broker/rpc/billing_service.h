#pragma once
// BillingService over the ledger.  Thread-safe; calls never block gRPC's threads.

#include <turnpike/v1/billing_service.grpc.pb.h>

#include "billing/actions/create_project.h"
#include "billing/actions/deposit.h"
#include "broker/ports/job_store.h"
#include "broker/ports/site_store.h"
#include "broker/rpc/unary_call.h"

namespace turnpike {

// The unary calls come as bytes (raw_message.h).
template <class Base>
using RawBillingCalls = v1::BillingService::WithRawCallbackMethod_CreateProject<
    v1::BillingService::WithRawCallbackMethod_Deposit<v1::BillingService::WithRawCallbackMethod_GetAccount<
        v1::BillingService::WithRawCallbackMethod_ListTransfers<v1::BillingService::WithRawCallbackMethod_ListUsage<
            v1::BillingService::WithRawCallbackMethod_UpdateProject<Base>>>>>>;

class BillingService final : public RawBillingCalls<v1::BillingService::CallbackService> {
 public:
  struct Parts {
    CallSetting setting;
    LedgerStore& ledger;
    SiteStore& sites;
    JobStore& jobs;
    IdSource& ids;
  };
  explicit BillingService(Parts parts) : parts_(std::move(parts)) {}

  grpc::ServerUnaryReactor* CreateProject(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* Deposit(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                    grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* UpdateProject(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetAccount(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListTransfers(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListUsage(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;

 private:
  // Whose books: a site's for operators, the caller's own project, another project for operators.
  template <class Request>
  Result<AccountOwner> OwnerOf(const Principal& principal, const Request& request);
  Result<ProjectId> FindProject(const Principal& principal, const std::string& name);
  Status Create(const Principal& principal, const v1::CreateProjectRequest& request,
                v1::CreateProjectResponse& response);
  Status Credit(const Principal& principal, const v1::DepositRequest& request, v1::DepositResponse& response);
  Status Update(const Principal& principal, const v1::UpdateProjectRequest& request,
                v1::UpdateProjectResponse& response);
  Status Get(const Principal& principal, const v1::GetAccountRequest& request, v1::GetAccountResponse& response);
  Status Transfers(const Principal& principal, const v1::ListTransfersRequest& request,
                   v1::ListTransfersResponse& response);
  Status Usage(const Principal& principal, const v1::ListUsageRequest& request, v1::ListUsageResponse& response);

  const Parts parts_;
};

}  // namespace turnpike
