#include "adapters/link/enrollment.h"

#include <turnpike/v1/site_link_service.grpc.pb.h>

#include <algorithm>
#include <cctype>

#include "base/file_sync.h"
#include "base/grpc/certificate_request.h"
#include "base/grpc/channel.h"
#include "base/grpc/error_details.h"
#include "base/grpc/pinned_ca.h"
#include "base/log.h"

namespace turnpike {
namespace {

// As FetchPinnedCa takes it: case and colons do not matter.
std::string PlainHex(const std::string& fingerprint) {
  std::string plain;
  for (const char character : fingerprint) {
    if (character != ':') {
      plain.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(character))));
    }
  }
  return plain;
}

Result<std::string> ReadPinnedCa(const EnrollmentOrder& order) {
  if (order.ca_file.empty()) {
    return FetchPinnedCa({.address = order.broker,
                          .fingerprint = order.ca_fingerprint,
                          .timeout = order.call_timeout,
                          .proxy = ReadProxySettings()});
  }
  ASSIGN_OR_RETURN(std::string ca_pem, ReadFile(order.ca_file));
  ASSIGN_OR_RETURN(const CertificateFacts ca, ReadCertificate(ca_pem));
  if (ca.fingerprint != PlainHex(order.ca_fingerprint)) {
    return Unauthenticated("{} holds a CA with the fingerprint {}, not {}", order.ca_file, ca.fingerprint,
                           order.ca_fingerprint);
  }
  return ca_pem;
}

Result<v1::EnrollResponse> AskOnce(const EnrollmentOrder& order, const v1::EnrollRequest& request,
                                   const std::string& ca_pem) {
  ASSIGN_OR_RETURN(const auto credentials,
                   ClientCredentials({.certificate_pem = "", .private_key_pem = "", .ca_pem = ca_pem}));
  const auto stub = v1::SiteLinkService::NewStub(MakeChannel({.address = order.broker,
                                                              .credentials = credentials,
                                                              .keepalive_without_calls = false,
                                                              .service_config_json = ""}));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + order.call_timeout);
  v1::EnrollResponse response;
  RETURN_IF_ERROR(FromGrpc(stub->Enroll(&context, request, &response)));
  return response;
}

bool IsWorthARetry(const Status& status) {
  return status.code() == StatusCode::kUnavailable || status.code() == StatusCode::kDeadlineExceeded ||
         status.code() == StatusCode::kResourceExhausted;
}

Result<v1::EnrollResponse> Ask(const EnrollmentOrder& order, const v1::EnrollRequest& request, StopSignal& stop) {
  std::chrono::milliseconds delay = order.retry_delay;
  for (int tried = 1;; ++tried) {
    const Result<std::string> ca_pem = ReadPinnedCa(order);
    Result<v1::EnrollResponse> response =
        ca_pem.ok() ? AskOnce(order, request, *ca_pem) : Result<v1::EnrollResponse>(ca_pem.status());
    if (response.ok() || !IsWorthARetry(response.status()) || tried >= order.tries_max) {
      return response;
    }
    LogWarn("the broker could not be asked, tried again",
            {{"broker", order.broker}, {"why", std::string(MessageOf(response.status()))}});
    if (stop.WaitFor(delay)) {
      return response;
    }
    delay *= 2;
  }
}

}  // namespace

Result<AgentIdentityFiles> Enroll(const EnrollmentOrder& order, const IdentityStore& store, StopSignal& stop) {
  if (store.is_enrolled()) {
    return AlreadyExists("this agent is enrolled already; to give it a new name, move {} away first", store.folder());
  }
  ASSIGN_OR_RETURN(const std::string key_pem, store.KeyForRequest());
  v1::EnrollRequest request;
  request.set_enrollment_token(order.token);
  ASSIGN_OR_RETURN(*request.mutable_certificate_request(), MakeCertificateRequest(key_pem));
  ASSIGN_OR_RETURN(const v1::EnrollResponse response, Ask(order, request, stop));
  RETURN_IF_ERROR(ReadCertificate(response.ca_certificate_pem()).status());
  RETURN_IF_ERROR(store.SaveSurroundings(
      {.ca_pem = response.ca_certificate_pem(), .agent_address = response.agent_address(), .site = response.site()}));
  RETURN_IF_ERROR(store.AdoptCertificate(response.certificate_pem()));
  return store.Load();
}

}  // namespace turnpike
