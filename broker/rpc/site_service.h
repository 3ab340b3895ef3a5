#pragma once
// SiteService over the site store.  Thread-safe; calls never block gRPC's threads.

#include <turnpike/v1/site_service.grpc.pb.h>

#include "base/ids.h"
#include "base/random.h"
#include "broker/ports/certificate_issuer.h"
#include "broker/ports/quote_basis.h"
#include "broker/ports/site_store.h"
#include "broker/rpc/unary_call.h"

namespace turnpike {

// The unary calls come as bytes (raw_message.h).
template <class Base>
using RawSiteCalls = v1::SiteService::WithRawCallbackMethod_RegisterSite<v1::SiteService::WithRawCallbackMethod_GetSite<
    v1::SiteService::WithRawCallbackMethod_ListSites<v1::SiteService::WithRawCallbackMethod_UpdateSite<
        v1::SiteService::WithRawCallbackMethod_DrainSite<v1::SiteService::WithRawCallbackMethod_ResumeSite<
            v1::SiteService::WithRawCallbackMethod_CreateEnrollmentToken<
                v1::SiteService::WithRawCallbackMethod_QuarantineSite<
                    v1::SiteService::WithRawCallbackMethod_ReleaseSite<
                        v1::SiteService::WithRawCallbackMethod_SetPriceBook<
                            v1::SiteService::WithRawCallbackMethod_GetPriceBook<
                                v1::SiteService::WithRawCallbackMethod_ScheduleMaintenance<
                                    v1::SiteService::WithRawCallbackMethod_CancelMaintenance<Base>>>>>>>>>>>>>;

class SiteService final : public RawSiteCalls<v1::SiteService::CallbackService> {
 public:
  struct Parts {
    CallSetting setting;
    SiteStore& sites;
    const QuoteBasisSource& federation;  // what was measured between sites
    CertificateIssuer& issuer;
    IdSource& ids;
    const Clock& clock;
    std::function<std::string()> make_token;  // a new enrollment token
    std::function<void()> site_changed;
  };
  explicit SiteService(Parts parts) : parts_(std::move(parts)) {}

  grpc::ServerUnaryReactor* RegisterSite(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetSite(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                    grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListSites(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* UpdateSite(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* DrainSite(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ResumeSite(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* CreateEnrollmentToken(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                  grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* QuarantineSite(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                           grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ReleaseSite(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ScheduleMaintenance(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* CancelMaintenance(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* SetPriceBook(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetPriceBook(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override;

 private:
  v1::Site Show(const SiteRecord& site) const;
  Status Register(const v1::RegisterSiteRequest& request, v1::RegisterSiteResponse& response);
  Status CreateToken(const v1::CreateEnrollmentTokenRequest& request, v1::CreateEnrollmentTokenResponse& response);
  Status List(const v1::ListSitesRequest& request, v1::ListSitesResponse& response);
  Status Update(const v1::UpdateSiteRequest& request, v1::UpdateSiteResponse& response);
  Status Schedule(const v1::ScheduleMaintenanceRequest& request, v1::ScheduleMaintenanceResponse& response);
  Status CancelWindow(const v1::CancelMaintenanceRequest& request, v1::CancelMaintenanceResponse& response);
  Status SetPrices(const v1::SetPriceBookRequest& request, v1::SetPriceBookResponse& response);

  const Parts parts_;
};

}  // namespace turnpike
