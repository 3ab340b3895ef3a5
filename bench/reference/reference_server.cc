#include "bench/reference/reference_server.h"

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

Result<std::unique_ptr<ReferenceServer>> ReferenceServer::Start(const Settings& settings) {
  std::unique_ptr<ReferenceServer> server(new ReferenceServer);
  ASSIGN_OR_RETURN(const int port, FindFreePort());
  std::vector<std::string> argv = {settings.program};
  argv.insert(argv.end(), settings.arguments.begin(), settings.arguments.end());
  argv.push_back(std::to_string(port));
  ASSIGN_OR_RETURN(server->process_, StartDetached({.argv = argv,
                                                    .environment = {{"PATH", "/usr/bin:/bin"}},
                                                    .directory = "/",
                                                    .output_path = settings.log_path,
                                                    .error_path = settings.log_path}));
  server->address_ = fmt::format("localhost:{}", port);
  server->channel_ = grpc::CreateChannel(server->address_, grpc::InsecureChannelCredentials());
  if (!server->channel_->WaitForConnected(
          gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(kStartSeconds, GPR_TIMESPAN)))) {
    return Unavailable("the reference's server does not start; see {}", settings.log_path);
  }
  return server;
}

ReferenceServer::~ReferenceServer() {
  SignalProcess(process_, SIGTERM).IgnoreError();  // Gone already: the wait tells.
  WaitUntilGone(process_, kStopTime);
}

}  // namespace turnpike
