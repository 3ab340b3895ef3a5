#pragma once
// SiteLinkService on the user port: Enroll alone, since an enrolling agent has no certificate yet.  The one-time token
// is its only proof.

#include <turnpike/v1/site_link_service.grpc.pb.h>

#include "base/worker_pool.h"
#include "broker/ports/certificate_issuer.h"
#include "broker/ports/site_store.h"
#include "broker/rpc/call_limiter.h"

namespace turnpike {

class EnrollService final : public v1::SiteLinkService::CallbackService {
 public:
  struct Parts {
    SiteStore& sites;
    CertificateIssuer& issuer;
    WorkerPool& pool;
    CallLimiter& limiter;
    const Clock& clock;
    std::function<std::string()> agent_address;  // where agents dial, "host:port"
    std::function<void()> site_changed;
  };
  explicit EnrollService(Parts parts) : parts_(std::move(parts)) {}

  grpc::ServerUnaryReactor* Enroll(grpc::CallbackServerContext* context, const v1::EnrollRequest* request,
                                   v1::EnrollResponse* response) override;

 private:
  Status Run(const v1::EnrollRequest& request, v1::EnrollResponse& response);

  const Parts parts_;
};

}  // namespace turnpike
