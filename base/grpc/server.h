#pragma once
// One listening gRPC server with the project's limits, the health service and reflection.  A broker has two: users and
// agents.

#include <grpcpp/impl/service_type.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/grpc/channel.h"
#include "base/metrics.h"
#include "base/status.h"

namespace turnpike {

struct ServedService {
  std::string name;  // "turnpike.v1.JobService", as the health service knows it
  grpc::Service* service = nullptr;
};

// Serve<v1::JobService>(job_service): the implementation outlives the server.
template <class Contract>
ServedService Serve(grpc::Service& implementation) {
  return {Contract::service_full_name(), &implementation};
}

struct ServerSettings {
  std::string address;  // "host:port"; port 0 lets the system choose
  std::shared_ptr<grpc::ServerCredentials> credentials;
  std::vector<ServedService> services;
  Metrics* metrics = nullptr;  // outlives the server; none: calls are not counted
  int message_bytes_max = kMessageBytesMax;
  int concurrent_streams_max = 256;  // per connection
  int threads_max = 512;             // for all synchronous calls; above it a call is refused with RESOURCE_EXHAUSTED
  std::chrono::milliseconds handshake_max = std::chrono::seconds(20);  // from connecting to speaking TLS and HTTP/2
  std::chrono::milliseconds idle_max = std::chrono::minutes(15);       // a connection without a call is closed
  std::chrono::milliseconds connection_age_max =
      std::chrono::minutes(30);  // so that clients spread over new replicas; 0: no limit
  std::chrono::milliseconds connection_age_grace = std::chrono::minutes(5);
};

// Thread-safe.
class GrpcServer {
 public:
  // Listens and serves.  UNAVAILABLE when the address cannot be bound.
  static Result<std::unique_ptr<GrpcServer>> Start(const ServerSettings& settings);
  ~GrpcServer();
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  int port() const { return port_; }
  // What the health service says of every service here; SERVING from the start.
  void SetServing(bool serving);
  // Says NOT_SERVING, takes no new call, waits for those under way, and cancels what is left after `grace`.  Once only
  // matters.
  void Shutdown(std::chrono::milliseconds grace);

 private:
  GrpcServer() = default;

  std::vector<std::string> service_names_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace turnpike
