#pragma once
// How the reference servers run: one service on the loopback address, without TLS, until the process is told to end.

#include <grpcpp/server_builder.h>

#include <iostream>
#include <memory>
#include <string>

#include "base/stop_signal.h"

namespace turnpike {

// The process's exit code.
inline int ServeUntilTold(grpc::Service& service, const std::string& port) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:" + port, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) {
    std::cerr << "cannot listen on port " << port << "\n";
    return 1;
  }
  WaitForTerminationSignal();
  server->Shutdown();
  return 0;
}

}  // namespace turnpike
