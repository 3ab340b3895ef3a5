#pragma once
// A SiteLinkService on a real server on the loopback address.  Renew answers what the server saw of its caller.

#include <turnpike/v1/site_link_service.grpc.pb.h>

#include <memory>
#include <string>

#include "base/check.h"
#include "base/grpc/call_metadata.h"
#include "base/grpc/channel.h"
#include "base/grpc/credentials.h"
#include "base/grpc/error_details.h"
#include "base/grpc/server.h"

namespace turnpike {

class EchoLink final : public v1::SiteLinkService::Service {
 public:
  // The URI name of the caller's certificate.
  grpc::Status Renew(grpc::ServerContext* context, const v1::RenewRequest*, v1::RenewResponse* response) override {
    const Result<std::string> uri = PeerUri(*context);
    if (!uri.ok()) {
      return ToGrpc(uri.status());
    }
    response->set_certificate_pem(*uri);
    return grpc::Status::OK;
  }

  // Token, request id and trace parent of the call; the size of its request; and as many bytes back.
  grpc::Status Enroll(grpc::ServerContext* context, const v1::EnrollRequest* request,
                      v1::EnrollResponse* response) override {
    const Result<std::string> token = BearerTokenOf(*context);
    if (!token.ok()) {
      return ToGrpc(token.status());
    }
    response->set_site(*token + "|" + RequestIdOf(*context) + "|" + TraceParentOf(*context));
    response->set_agent_address(std::to_string(request->certificate_request().size()));
    return grpc::Status::OK;
  }
};

inline std::unique_ptr<GrpcServer> StartOnLoopback(std::shared_ptr<grpc::ServerCredentials> credentials,
                                                   grpc::Service& service) {
  auto server = GrpcServer::Start({.address = "127.0.0.1:0",
                                   .credentials = std::move(credentials),
                                   .services = {Serve<v1::SiteLinkService>(service)}});
  CHECK(server.ok());
  return std::move(server).value();
}

inline std::unique_ptr<v1::SiteLinkService::Stub> DialLoopback(int port, const TlsIdentity& identity) {
  return v1::SiteLinkService::NewStub(MakeChannel({.address = "127.0.0.1:" + std::to_string(port),
                                                   .credentials = ClientCredentials(identity).value(),
                                                   .keepalive_without_calls = false,
                                                   .service_config_json = ""}));
}

}  // namespace turnpike
