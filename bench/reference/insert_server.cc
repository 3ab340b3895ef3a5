#include "bench/reference/insert_server.h"

#include <grpc/support/time.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <signal.h>

#include "bench/harness/free_port.h"

namespace turnpike {
namespace {

constexpr int kStartSeconds = 30;
constexpr std::chrono::milliseconds kStopTime{10'000};

}  // namespace

Result<std::unique_ptr<InsertServer>> InsertServer::Start(const Settings& settings) {
  std::unique_ptr<InsertServer> server(new InsertServer);
  ASSIGN_OR_RETURN(const int port, FindFreePort());
  ASSIGN_OR_RETURN(server->process_,
                   StartDetached({.argv = {settings.program, settings.conninfo, settings.project_id.ToString(),
                                           std::to_string(settings.connections), std::to_string(port)},
                                  .environment = {{"PATH", "/usr/bin:/bin"}},
                                  .directory = "/",
                                  .output_path = settings.log_path,
                                  .error_path = settings.log_path}));
  server->channel_ = grpc::CreateChannel(fmt::format("localhost:{}", port), grpc::InsecureChannelCredentials());
  if (!server->channel_->WaitForConnected(
          gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(kStartSeconds, GPR_TIMESPAN)))) {
    return Unavailable("the reference's server does not start; see {}", settings.log_path);
  }
  return server;
}

InsertServer::~InsertServer() {
  SignalProcess(process_, SIGTERM).IgnoreError();  // Gone already: the wait tells.
  WaitUntilGone(process_, kStopTime);
}

}  // namespace turnpike
