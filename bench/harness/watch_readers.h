#pragma once
// Watches jobs by many WatchJobs calls at once, each over a connection of its own, and counts what comes.  Not shared
// by threads.

#include <grpcpp/client_context.h>
#include <grpcpp/security/credentials.h>
#include <turnpike/v1/job_service.grpc.pb.h>

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"

namespace turnpike {

class WatchReaders {
 public:
  struct Settings {
    int readers = 1;
    std::string address;
    std::shared_ptr<grpc::ChannelCredentials> credentials;
    std::function<void(grpc::ClientContext&)> prepare;  // the token
  };
  explicit WatchReaders(const Settings& settings);
  // Cancels what is still open.
  ~WatchReaders();

  // How many each is to have; `newest` is that one.
  void Expect(int64_t events) { wanted_ = events; }
  // Until each has so many events, counted from its beginning.  An error: one of the calls has ended before.
  Status WaitForEach(int64_t events) EXCLUDES(mutex_);
  v1::WatchJobsResponse newest() const EXCLUDES(mutex_);

 private:
  class Reader;
  int64_t wanted_now() const { return wanted_; }
  void NoteArrival(const v1::WatchJobsResponse& response) EXCLUDES(mutex_);
  void NoteEnd(Reader& reader, const Status& status) EXCLUDES(mutex_);

  std::atomic<int64_t> wanted_ = 0;  // read at each message
  mutable Mutex mutex_;
  CondVar changed_;
  v1::WatchJobsResponse newest_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Reader>> readers_;
};

}  // namespace turnpike
