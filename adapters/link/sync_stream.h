#pragma once
// One Synchronize call: messages in and out, one of each under way at a time, without ever blocking.  One thread owns
// it and calls it; whatever happens on gRPC's own threads wakes that one.  Close it before it is destroyed.

#include <turnpike/v1/site_link_service.grpc.pb.h>

#include <optional>

#include "adapters/link/wakeup.h"
#include "base/mutex.h"
#include "base/status.h"

namespace turnpike {

class SyncStream final : private grpc::ClientBidiReactor<v1::SynchronizeRequest, v1::SynchronizeResponse> {
 public:
  // Starts the call; `hello` goes out first.
  SyncStream(v1::SiteLinkService::Stub& stub, v1::SynchronizeRequest hello, Wakeup& wakeup);
  ~SyncStream() override;
  SyncStream(const SyncStream&) = delete;
  SyncStream& operator=(const SyncStream&) = delete;

  // The message that has come, if any; the next one is asked for only now.
  std::optional<v1::SynchronizeResponse> Take() EXCLUDES(mutex_);
  bool CanWrite() const EXCLUDES(mutex_);
  // Only while CanWrite.
  void Write(v1::SynchronizeRequest message) EXCLUDES(mutex_);
  // The other end is gone or has ended the call: nothing more will come; Close tells why.
  bool broken() const EXCLUDES(mutex_);
  // Ends the call, waits for that, and tells how it ended; OK only where the other end said so.
  Status Close() EXCLUDES(mutex_);

 private:
  void OnReadDone(bool ok) override EXCLUDES(mutex_);
  void OnWriteDone(bool ok) override EXCLUDES(mutex_);
  void OnDone(const grpc::Status& status) override EXCLUDES(mutex_);
  bool WaitForDone(std::chrono::steady_clock::time_point until) EXCLUDES(mutex_);

  grpc::ClientContext context_;
  Wakeup& wakeup_;
  v1::SynchronizeRequest outgoing_;  // stays as it is while a write is under way
  v1::SynchronizeResponse incoming_;
  bool closed_ = false;

  mutable Mutex mutex_;
  CondVar changed_;
  bool has_message_ GUARDED_BY(mutex_) = false;
  bool writing_ GUARDED_BY(mutex_) = true;
  bool broken_ GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> ended_ GUARDED_BY(mutex_);
};

}  // namespace turnpike
