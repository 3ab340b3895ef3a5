#pragma once
// One of the servers that the broker is compared with (insert_server_main.cc, stream_server_main.cc), as a process of
// its own.  Not shared by threads.

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <vector>

#include "base/child_process.h"
#include "base/status.h"

namespace turnpike {

class ReferenceServer {
 public:
  struct Settings {
    std::string program;
    std::vector<std::string> arguments;  // the port follows
    std::string log_path;
  };
  static Result<std::unique_ptr<ReferenceServer>> Start(const Settings& settings);
  ~ReferenceServer();

  std::shared_ptr<grpc::Channel> channel() const { return channel_; }
  const std::string& address() const { return address_; }
  int pid() const { return process_.pid; }

 private:
  ReferenceServer() = default;

  ProcessIdentity process_;
  std::string address_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace turnpike
