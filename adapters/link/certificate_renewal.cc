#include "adapters/link/certificate_renewal.h"

#include "base/grpc/certificate_request.h"
#include "base/grpc/error_details.h"

namespace turnpike {

Timestamp RenewalTime(const CertificateFacts& certificate) {
  return certificate.not_before + (certificate.not_after - certificate.not_before) / 2;
}

Status RenewCertificate(v1::SiteLinkService::Stub& stub, const IdentityStore& store,
                        std::chrono::milliseconds call_timeout) {
  ASSIGN_OR_RETURN(const std::string key_pem, store.KeyForRequest());
  v1::RenewRequest request;
  ASSIGN_OR_RETURN(*request.mutable_certificate_request(), MakeCertificateRequest(key_pem));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + call_timeout);
  v1::RenewResponse response;
  RETURN_IF_ERROR(FromGrpc(stub.Renew(&context, request, &response)));
  return store.AdoptCertificate(response.certificate_pem());
}

}  // namespace turnpike
