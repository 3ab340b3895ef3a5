#pragma once
// SiteLinkService on the agent port: everything but Enroll.  Whoever gets here has shown a certificate of our CA.

#include <turnpike/v1/site_link_service.grpc.pb.h>

#include "broker/rpc/link_session.h"

namespace turnpike {

class AgentLinkService final : public v1::SiteLinkService::CallbackService {
 public:
  explicit AgentLinkService(LinkSetting setting) : setting_(std::move(setting)) {}

  grpc::ServerUnaryReactor* Renew(grpc::CallbackServerContext* context, const v1::RenewRequest* request,
                                  v1::RenewResponse* response) override;
  grpc::ServerBidiReactor<v1::SynchronizeRequest, v1::SynchronizeResponse>* Synchronize(
      grpc::CallbackServerContext* context) override;
  grpc::ServerReadReactor<v1::SendLogRequest>* SendLog(grpc::CallbackServerContext* context,
                                                       v1::SendLogResponse* response) override;

 private:
  Status RenewFor(const grpc::ServerContextBase& context, const v1::RenewRequest& request, v1::RenewResponse& response);

  const LinkSetting setting_;
};

}  // namespace turnpike
