#pragma once
// Sends the ends of jobs' output to the broker, on a thread of its own and apart from the stream, so that output never
// holds up a report for long: whoever wants a report to come after its output waits for a ticket, as long as it likes.
// Thread-safe.

#include <turnpike/v1/site_link_service.grpc.pb.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "adapters/host/agent_round.h"
#include "base/mutex.h"
#include "base/status.h"

namespace turnpike {

// At most 64 KiB of one stream.
struct LogPiece {
  AttemptId attempt_id;
  OutputStream stream = OutputStream::kStandardOutput;
  uint64_t offset = 0;
  std::string bytes;
};

class LogSender {
 public:
  struct Settings {
    size_t waiting_bytes_max = 64U << 20U;  // more is dropped, and said so
    std::chrono::milliseconds call_timeout{30'000};
    int tries_max = 5;  // where the broker cannot be reached; then it is dropped, and said so
    std::chrono::milliseconds retry_delay{1'000};  // twice as long each time
    std::function<void()> on_progress;             // on the sender's thread, after each ticket; may be empty
    // The same after pieces have reached the broker: how many bytes, and how long it took.
    std::function<void(size_t, std::chrono::microseconds)> on_sent = {};
  };
  using Stub = v1::SiteLinkService::Stub;

  explicit LogSender(Settings settings);
  // Drops what waits.
  ~LogSender();
  LogSender(const LogSender&) = delete;
  LogSender& operator=(const LogSender&) = delete;

  // Over which connection, from the next call on.
  void UseStub(std::shared_ptr<Stub> stub) EXCLUDES(mutex_);
  // A ticket for these pieces; they are sent after all earlier ones.
  int64_t Add(std::vector<LogPiece> pieces) EXCLUDES(mutex_);
  // Sent, or given up.
  bool IsDone(int64_t ticket) const EXCLUDES(mutex_);

 private:
  struct Batch {
    int64_t ticket = 0;
    std::vector<LogPiece> pieces;
    size_t bytes = 0;
  };

  void Work() EXCLUDES(mutex_);
  bool WaitForBatch(Batch& batch) EXCLUDES(mutex_);
  void SendWithRetries(const Batch& batch) EXCLUDES(mutex_);
  Status Send(const Batch& batch) EXCLUDES(mutex_);
  // True: the time has passed; false: to end.
  bool WaitFor(std::chrono::milliseconds time) EXCLUDES(mutex_);
  void Finish(const Batch& batch) EXCLUDES(mutex_);

  const Settings settings_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::shared_ptr<Stub> stub_ GUARDED_BY(mutex_);
  std::deque<Batch> waiting_ GUARDED_BY(mutex_);
  size_t waiting_bytes_ GUARDED_BY(mutex_) = 0;
  int64_t last_ticket_ GUARDED_BY(mutex_) = 0;
  int64_t done_ticket_ GUARDED_BY(mutex_) = 0;
  grpc::ClientContext* call_ GUARDED_BY(mutex_) = nullptr;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace turnpike
