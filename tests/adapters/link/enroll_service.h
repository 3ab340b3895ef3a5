#pragma once
// A broker's user port on the loopback address, as an enrolling agent meets it.

#include <turnpike/v1/site_link_service.grpc.pb.h>

#include <memory>
#include <set>
#include <string>

#include "base/error_reason.h"
#include "base/grpc/error_details.h"
#include "base/grpc/server.h"
#include "base/mutex.h"
#include "tests/adapters/link/test_certificates.h"

namespace turnpike {

inline constexpr char kToken[] = "tpe_the_only_token";

// Signs for whoever has the token; may lose its answers.
class EnrollService final : public v1::SiteLinkService::Service {
 public:
  explicit EnrollService(TestCertificates& certificates) : certificates_(certificates) {
    auto server = GrpcServer::Start({.address = "127.0.0.1:0",
                                     .credentials = UserServerCredentials(certificates.Server()).value(),
                                     .services = {Serve<v1::SiteLinkService>(*this)}});
    CHECK(server.ok());
    server_ = std::move(server).value();
  }

  int port() const { return server_->port(); }
  std::string address() const { return "127.0.0.1:" + std::to_string(port()); }

  grpc::Status Enroll(grpc::ServerContext*, const v1::EnrollRequest* request, v1::EnrollResponse* response) override {
    const MutexLock lock(mutex_);
    ++calls_;
    if (request->enrollment_token() != kToken) {
      return ToGrpc(WithReason(PermissionDenied("the token is unknown"), ErrorReason::kEnrollmentRefused));
    }
    keys_.insert(certificates_.authority().RequestPublicKeySha256(request->certificate_request()).value());
    response->set_certificate_pem(certificates_.SignAgent(request->certificate_request(), certificates_.now()));
    response->set_ca_certificate_pem(certificates_.ca_pem());
    response->set_agent_address("broker.example:7443");
    response->set_site("alpha");
    if (answers_to_lose_ > 0) {
      --answers_to_lose_;
      return {grpc::StatusCode::UNAVAILABLE, "lost"};
    }
    return grpc::Status::OK;
  }
  void LoseAnswers(int count) {
    const MutexLock lock(mutex_);
    answers_to_lose_ = count;
  }
  int calls() {
    const MutexLock lock(mutex_);
    return calls_;
  }
  size_t keys_seen() {
    const MutexLock lock(mutex_);
    return keys_.size();
  }

 private:
  TestCertificates& certificates_;
  Mutex mutex_;
  int calls_ GUARDED_BY(mutex_) = 0;
  int answers_to_lose_ GUARDED_BY(mutex_) = 0;
  std::set<std::string> keys_ GUARDED_BY(mutex_);
  std::unique_ptr<GrpcServer> server_;
};

}  // namespace turnpike
