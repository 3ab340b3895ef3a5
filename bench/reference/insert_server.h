#pragma once
// The server that commits each submission by itself (insert_server_main.cc), as a process of its own on the
// reference's database.  Not shared by threads.

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "base/child_process.h"
#include "base/ids.h"
#include "base/status.h"

namespace turnpike {

class InsertServer {
 public:
  struct Settings {
    std::string program;
    std::string conninfo;
    ProjectId project_id;
    int connections = 8;
    std::string log_path;
  };
  static Result<std::unique_ptr<InsertServer>> Start(const Settings& settings);
  ~InsertServer();

  std::shared_ptr<grpc::Channel> channel() const { return channel_; }
  int pid() const { return process_.pid; }

 private:
  InsertServer() = default;

  ProcessIdentity process_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace turnpike
