#include "broker/rpc/enroll_service.h"

#include "base/grpc/certificate.h"
#include "base/log.h"
#include "broker/rpc/convert_time.h"
#include "broker/rpc/unary_call.h"

namespace turnpike {

grpc::ServerUnaryReactor* EnrollService::Enroll(grpc::CallbackServerContext* context, const v1::EnrollRequest* request,
                                                v1::EnrollResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (const Status admitted = parts_.limiter.AdmitStranger(context->peer()); !admitted.ok()) {
    reactor->Finish(ToGrpc(admitted));
    return reactor;
  }
  const bool taken =
      parts_.pool.TryRun([this, request, response, reactor] { reactor->Finish(ToGrpc(Run(*request, *response))); });
  if (!taken) {
    reactor->Finish(ToGrpc(parts_.limiter.QueueIsFull()));
  }
  return reactor;
}

Status EnrollService::Run(const v1::EnrollRequest& request, v1::EnrollResponse& response) {
  ASSIGN_OR_RETURN(const std::string key_digest, parts_.issuer.RequestPublicKeySha256(request.certificate_request()));
  const auto issue = [&](const EnrolledSite& site) -> Result<std::pair<CertificateRecord, std::string>> {
    ASSIGN_OR_RETURN(const IssuedCertificate issued,
                     parts_.issuer.SignAgentRequest(request.certificate_request(),
                                                    {.site = site.site_id, .agent = site.agent}, parts_.clock.Now()));
    const CertificateRecord record{.serial = issued.serial_hex, .site_id = site.site_id, .not_after = issued.not_after};
    return std::pair(record, issued.certificate_pem);
  };
  ASSIGN_OR_RETURN(const EnrolledSite site, parts_.sites.Enroll({.token_hash = Sha256(request.enrollment_token()),
                                                                 .public_key_hash = Sha256(key_digest)},
                                                                issue));
  ASSIGN_OR_RETURN(const CertificateFacts facts, ReadCertificate(site.certificate_pem.value_or("")));
  response.set_certificate_pem(*site.certificate_pem);
  response.set_ca_certificate_pem(parts_.issuer.ca_certificate_pem());
  response.set_agent_address(parts_.agent_address());
  response.set_site(site.name);
  *response.mutable_expire_time() = ToProto(facts.not_after);
  LogInfo("site enrolled", {{"site", site.name}});
  parts_.site_changed();
  return OkStatus();
}

}  // namespace turnpike
