#pragma once
// A site's agent without a scheduler: it dials the broker with a real certificate, says what the site has, takes orders
// and reports.  Thread-safe, but for Connect and Disconnect, which are one thread's.

#include <turnpike/v1/site_link_service.grpc.pb.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "bench/harness/loaded_federation.h"

namespace turnpike {

class PlayedAgent {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;
  // On the reader's thread: an attempt that should be claimed.
  using Offered = std::function<void(const v1::DesiredAttempt& attempt, SteadyTime at)>;

  static Result<std::unique_ptr<PlayedAgent>> Make(LoadedFederation& federation, SiteId site_id, Offered offered);
  ~PlayedAgent();

  // Dials until the broker has answered the Hello, also while it is just starting.  What is offered already comes
  // before it returns.
  Status Connect();
  void Disconnect();
  Status SendCapacity(const std::vector<v1::Share>& shares) EXCLUDES(mutex_);
  // Numbers them and sends them, as many at a time as the broker allows.  Returns when they are under way.
  Status Report(std::vector<v1::Report> reports) EXCLUDES(mutex_);
  // Until each report is acknowledged: committed.
  Status WaitUntilAcknowledged() EXCLUDES(mutex_);

 private:
  using Stream = grpc::ClientReaderWriter<v1::SynchronizeRequest, v1::SynchronizeResponse>;

  PlayedAgent(std::shared_ptr<grpc::Channel> channel, JournalId journal_id, Offered offered)
      : stub_(v1::SiteLinkService::NewStub(channel)), journal_id_(journal_id), offered_(std::move(offered)) {}
  Status TryConnect(SteadyTime until);
  void ReadAll();
  void Take(const v1::SynchronizeResponse& response);
  Status Write(const v1::SynchronizeRequest& request) EXCLUDES(writing_);

  const std::unique_ptr<v1::SiteLinkService::Stub> stub_;
  const JournalId journal_id_;
  const Offered offered_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<Stream> stream_;
  std::thread reader_;
  Mutex writing_;  // one message at a time
  Mutex mutex_;
  CondVar changed_;
  int64_t epoch_ GUARDED_BY(mutex_) = 0;
  int64_t sent_ GUARDED_BY(mutex_) = 0;
  int64_t acknowledged_ GUARDED_BY(mutex_) = 0;
  int64_t capacity_number_ GUARDED_BY(mutex_) = 0;
  bool lost_ GUARDED_BY(mutex_) = false;
};

void SetToNow(google::protobuf::Timestamp& time);
// An open share of `nodes` nodes with so many cores each, of which `idle` are free.
v1::Share ShareOf(const std::string& name, int nodes, int cores, int idle);
// The life of an attempt from the offer to its good end, in reports.
std::vector<v1::Report> ReportsOfWholeLife(const v1::DesiredAttempt& attempt);

}  // namespace turnpike
