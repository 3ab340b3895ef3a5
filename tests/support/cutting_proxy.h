#pragma once
// Stands between a program and a PostgreSQL on a unix socket, passes everything on, and cuts the connection when a
// COMMIT comes by: before the server sees it, or before the program sees that it is done.  Has a thread of its own.

#include <atomic>
#include <string>
#include <thread>

#include "base/file_descriptor.h"
#include "base/status.h"

namespace turnpike {

class CuttingProxy {
 public:
  enum class Cut { kNever, kBeforeCommit, kAfterCommit };

  // A program reaches it with "host=folder".
  CuttingProxy(const std::string& folder, const std::string& server_socket_folder);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  // The next COMMIT, once.
  void CutNext(Cut cut) { cut_ = cut; }
  int cuts() const { return cuts_; }

 private:
  void Run();
  // Until one side ends, or the cut.
  void Serve(const FileDescriptor& program);
  // False: this connection is over.
  bool PassToServer(const FileDescriptor& program, const FileDescriptor& server);

  const std::string server_path_;
  const FileDescriptor listener_;
  const FileDescriptor stop_;
  std::atomic<Cut> cut_{Cut::kNever};
  std::atomic<int> cuts_{0};
  bool commit_is_under_way_ = false;  // the server's next word ends the connection
  std::thread thread_;
};

}  // namespace turnpike
