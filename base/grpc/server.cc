#include "base/grpc/server.h"

#include <grpc/support/time.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>

#include "base/grpc/call_meter.h"

namespace turnpike {
namespace {

constexpr int kPingIntervalMinMs = 10'000;  // clients that ask more often are sent away
constexpr int kKeepaliveMs = 60'000;        // notices a client that vanished
constexpr int kKeepaliveTimeoutMs = 20'000;

void SetLimits(const ServerSettings& settings, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(settings.message_bytes_max);
  builder.SetMaxSendMessageSize(settings.message_bytes_max);
  grpc::ResourceQuota quota("turnpike");
  quota.SetMaxThreads(settings.threads_max);
  builder.SetResourceQuota(quota);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, settings.concurrent_streams_max);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // else two brokers on one port would share it in silence
}

void SetKeepalive(const ServerSettings& settings, grpc::ServerBuilder& builder) {
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kPingIntervalMinMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, static_cast<int>(settings.handshake_max.count()));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, static_cast<int>(settings.idle_max.count()));
  if (settings.connection_age_max.count() > 0) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, static_cast<int>(settings.connection_age_max.count()));
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                               static_cast<int>(settings.connection_age_grace.count()));
  }
}

}  // namespace

Result<std::unique_ptr<GrpcServer>> GrpcServer::Start(const ServerSettings& settings) {
  // Both are switches of the whole process, and have to stand before a server is built.
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();

  std::unique_ptr<GrpcServer> server(new GrpcServer);
  grpc::ServerBuilder builder;
  SetLimits(settings, builder);
  SetKeepalive(settings, builder);
  for (const ServedService& served : settings.services) {
    builder.RegisterService(served.service);
    server->service_names_.push_back(served.name);
  }
  if (settings.metrics != nullptr) {
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
    interceptors.push_back(MakeCallMeter(server->service_names_, *settings.metrics));
    builder.experimental().SetInterceptorCreators(std::move(interceptors));
  }
  builder.AddListeningPort(settings.address, settings.credentials, &server->port_);
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr || server->port_ == 0) {
    return Unavailable("cannot listen on {}: the address is taken, not of this machine, or not \"host:port\"",
                       settings.address);
  }
  server->SetServing(true);
  return server;
}

GrpcServer::~GrpcServer() {
  Shutdown(std::chrono::milliseconds(0));
}

void GrpcServer::SetServing(bool serving) {
  grpc::HealthCheckServiceInterface* health = server_->GetHealthCheckService();
  health->SetServingStatus(serving);
  for (const std::string& name : service_names_) {
    health->SetServingStatus(name, serving);
  }
}

void GrpcServer::Shutdown(std::chrono::milliseconds grace) {
  if (server_ == nullptr) {
    return;  // Start failed.
  }
  server_->GetHealthCheckService()->Shutdown();
  server_->Shutdown(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(grace.count(), GPR_TIMESPAN)));
  server_->Wait();
}

}  // namespace turnpike
