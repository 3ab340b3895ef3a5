#include "broker/rpc/billing_service.h"

#include "broker/core/fair_share.h"
#include "broker/core/page_token.h"
#include "broker/rpc/check_message.h"
#include "broker/rpc/convert_billing.h"
#include "broker/rpc/convert_time.h"
#include "broker/rpc/find_job.h"
#include "broker/rpc/page_size.h"
#include "broker/rpc/request_keys.h"

namespace turnpike {
namespace {

Status NoSuchAccount(const std::string& name) {
  return WithReason(NotFound("there is no account of '{}' that you may see", name), ErrorReason::kNotFound,
                    {{"owner", name}});
}

Status CheckForm(const google::protobuf::Message& request) {
  FieldViolations violations;
  CheckMessage(request, "", violations);
  return violations.ToStatus();
}

// Where a page of the ledger begins.
Result<LedgerPage> PageFrom(int page_size, const std::string& page_token, const std::string& digest) {
  LedgerPage page;
  ASSIGN_OR_RETURN(page.limit, PageSizeOf(page_size));
  ++page.limit;  // One more tells whether there is a next page.
  if (!page_token.empty()) {
    ASSIGN_OR_RETURN(const PageKey key, DecodePageToken(page_token, digest));
    page.before_at = key.time;
    page.before_id = key.id;
  }
  return page;
}

std::string DigestOf(std::string_view method, const AccountOwner& owner) {
  return fmt::format("{} {}{}", method, owner.project_id ? owner.project_id->ToString() : "",
                     owner.site_id ? owner.site_id->ToString() : "");
}

}  // namespace

grpc::ServerUnaryReactor* BillingService::CreateProject(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return HandleCall<v1::CreateProjectRequest, v1::CreateProjectResponse>(
      parts_.setting, {context, request, response}, std::bind_front(&BillingService::Create, this));
}

grpc::ServerUnaryReactor* BillingService::Deposit(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                  grpc::ByteBuffer* response) {
  return HandleCall<v1::DepositRequest, v1::DepositResponse>(parts_.setting, {context, request, response},
                                                             std::bind_front(&BillingService::Credit, this));
}

grpc::ServerUnaryReactor* BillingService::UpdateProject(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return HandleCall<v1::UpdateProjectRequest, v1::UpdateProjectResponse>(
      parts_.setting, {context, request, response}, std::bind_front(&BillingService::Update, this));
}

grpc::ServerUnaryReactor* BillingService::GetAccount(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return HandleCall<v1::GetAccountRequest, v1::GetAccountResponse>(parts_.setting, {context, request, response},
                                                                   std::bind_front(&BillingService::Get, this));
}

grpc::ServerUnaryReactor* BillingService::ListTransfers(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return HandleCall<v1::ListTransfersRequest, v1::ListTransfersResponse>(
      parts_.setting, {context, request, response}, std::bind_front(&BillingService::Transfers, this));
}

grpc::ServerUnaryReactor* BillingService::ListUsage(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return HandleCall<v1::ListUsageRequest, v1::ListUsageResponse>(parts_.setting, {context, request, response},
                                                                 std::bind_front(&BillingService::Usage, this));
}

Status BillingService::Create(const Principal& principal, const v1::CreateProjectRequest& request,
                              v1::CreateProjectResponse& response) {
  RETURN_IF_ERROR(RequireRole(principal, Role::kFederationOperator));
  RETURN_IF_ERROR(CheckForm(request));
  ASSIGN_OR_RETURN(
      const RequestKey key,
      KeyOf(KeyedCall{.project_id = {}, .method = "CreateProject", .request_id = request.request_id()}, request));
  turnpike::CreateProject create(parts_.ledger, parts_.ids);
  ASSIGN_OR_RETURN(const ProjectView project, create.Run({.key = key, .name = request.name(), .unit = request.unit()}));
  *response.mutable_project() = ToProto(project);
  return OkStatus();
}

Status BillingService::Credit(const Principal& principal, const v1::DepositRequest& request,
                              v1::DepositResponse& response) {
  RETURN_IF_ERROR(RequireRole(principal, Role::kFederationOperator));
  RETURN_IF_ERROR(CheckForm(request));
  ASSIGN_OR_RETURN(
      const RequestKey key,
      KeyOf(KeyedCall{.project_id = {}, .method = "Deposit", .request_id = request.request_id()}, request));
  turnpike::Deposit deposit(parts_.ledger);
  ASSIGN_OR_RETURN(const Deposited deposited, deposit.Run({.key = key,
                                                           .project = request.project(),
                                                           .amount = request.amount(),
                                                           .description = request.description()}));
  *response.mutable_account() = ToProto(deposited.account);
  *response.mutable_transfer() = ToProto(deposited.transfer);
  return OkStatus();
}

Status BillingService::Update(const Principal& principal, const v1::UpdateProjectRequest& request,
                              v1::UpdateProjectResponse& response) {
  RETURN_IF_ERROR(RequireRole(principal, Role::kFederationOperator));
  FieldViolations violations;
  CheckMessage(request, "", violations);
  if (request.has_weight() && (request.weight() < 1 || request.weight() > kProjectWeightMax)) {
    violations.Add("weight", fmt::format("is {}; 1 to {} are possible", request.weight(), kProjectWeightMax));
  }
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(ProjectView project, parts_.ledger.FindProject(request.project()));
  if (request.has_weight()) {
    ASSIGN_OR_RETURN(project, parts_.ledger.SetWeight(project.project_id, request.weight()));
  }
  *response.mutable_project() = ToProto(project);
  return OkStatus();
}

template <class Request>
Result<AccountOwner> BillingService::OwnerOf(const Principal& principal, const Request& request) {
  if (request.owner_case() == Request::kSite) {
    RETURN_IF_ERROR(RequireRole(principal, Role::kSiteOperator));
    ASSIGN_OR_RETURN(const SiteRecord site, parts_.sites.Find(request.site()));
    return AccountOwner{.project_id = {}, .site_id = site.site_id};
  }
  ASSIGN_OR_RETURN(const ProjectId project,
                   FindProject(principal, request.owner_case() == Request::kProject ? request.project() : ""));
  return AccountOwner{.project_id = project, .site_id = {}};
}

Result<ProjectId> BillingService::FindProject(const Principal& principal, const std::string& name) {
  if (name.empty()) {
    return ProjectOf(principal, "");
  }
  const Result<ProjectView> project = parts_.ledger.FindProject(name);
  if (!project.ok() && project.status().code() != StatusCode::kNotFound) {
    return project.status();
  }
  // Whether another project exists is not told to strangers.
  const bool may_see =
      project.ok() && (principal.Has(Role::kFederationOperator) || principal.project_id == project->project_id);
  if (!may_see) {
    return NoSuchAccount(name);
  }
  return project->project_id;
}

Status BillingService::Get(const Principal& principal, const v1::GetAccountRequest& request,
                           v1::GetAccountResponse& response) {
  ASSIGN_OR_RETURN(const AccountOwner owner, OwnerOf(principal, request));
  ASSIGN_OR_RETURN(const std::vector<AccountView> accounts, parts_.ledger.Accounts(owner));
  for (const AccountView& account : accounts) {
    if (request.unit().empty() || request.unit() == account.unit) {
      *response.mutable_account() = ToProto(account);
      return OkStatus();
    }
  }
  return NoSuchAccount(request.owner_case() == v1::GetAccountRequest::kSite ? request.site() : request.project());
}

Status BillingService::Transfers(const Principal& principal, const v1::ListTransfersRequest& request,
                                 v1::ListTransfersResponse& response) {
  ASSIGN_OR_RETURN(const AccountOwner owner, OwnerOf(principal, request));
  const std::string digest = DigestOf("ListTransfers", owner);
  ASSIGN_OR_RETURN(const LedgerPage page, PageFrom(request.page_size(), request.page_token(), digest));
  ASSIGN_OR_RETURN(std::vector<TransferView> transfers, parts_.ledger.Transfers(owner, page));
  if (transfers.size() == page.limit) {
    transfers.pop_back();
    response.set_next_page_token(
        EncodePageToken({.time = transfers.back().at, .id = transfers.back().transfer_id.uuid()}, digest));
  }
  for (const TransferView& transfer : transfers) {
    *response.add_transfers() = ToProto(transfer);
  }
  return OkStatus();
}

Status BillingService::Usage(const Principal& principal, const v1::ListUsageRequest& request,
                             v1::ListUsageResponse& response) {
  UsageQuery query;
  ASSIGN_OR_RETURN(query.project_id, FindProject(principal, request.project()));
  if (!request.job_id().empty()) {
    ASSIGN_OR_RETURN(query.job_id, FindJob(parts_.jobs, query.project_id, request.job_id()));
  }
  if (request.has_since()) {
    query.since = FromProto(request.since());
  }
  const std::string digest = DigestOf("ListUsage", {.project_id = query.project_id, .site_id = {}}) + request.job_id() +
                             request.since().ShortDebugString();
  ASSIGN_OR_RETURN(query.page, PageFrom(request.page_size(), request.page_token(), digest));
  --query.page.limit;  // Records of one moment stay on one page, so that it may be longer; none tells about the next.
  ASSIGN_OR_RETURN(const std::vector<UsageView> records, parts_.ledger.Usage(query));
  if (records.size() >= query.page.limit) {
    response.set_next_page_token(
        EncodePageToken({.time = records.back().at, .id = records.back().attempt_id.uuid()}, digest));
  }
  for (const UsageView& record : records) {
    *response.add_records() = ToProto(record);
  }
  return OkStatus();
}

}  // namespace turnpike
