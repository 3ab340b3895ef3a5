#include "bench/harness/watch_readers.h"

#include <algorithm>
#include <atomic>

#include "base/grpc/error_details.h"
#include "bench/harness/own_connection.h"

namespace turnpike {
namespace {

constexpr std::chrono::minutes kPatience{5};

}  // namespace

class WatchReaders::Reader final : public grpc::ClientReadReactor<v1::WatchJobsResponse> {
 public:
  Reader(WatchReaders& all, const Settings& settings)
      : all_(all), stub_(v1::JobService::NewStub(OwnConnection(settings.address, settings.credentials))) {
    if (settings.prepare) {
      settings.prepare(context_);
    }
    context_.set_wait_for_ready(true);
    stub_->async()->WatchJobs(&context_, &request_, this);
    StartRead(&response_);
    StartCall();
  }

  int64_t events() const { return events_; }
  const std::optional<Status>& end() const { return end_; }  // under the readers' mutex
  void Cancel() { context_.TryCancel(); }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) {
      return;  // The end follows.
    }
    if (response_.has_event() && ++events_ == all_.wanted_now()) {
      all_.NoteArrival(response_);
    }
    StartRead(&response_);
  }
  void OnDone(const grpc::Status& status) override { all_.NoteEnd(*this, FromGrpc(status)); }

  friend class WatchReaders;
  WatchReaders& all_;
  const std::unique_ptr<v1::JobService::Stub> stub_;
  grpc::ClientContext context_;
  const v1::WatchJobsRequest request_;
  v1::WatchJobsResponse response_;
  std::atomic<int64_t> events_ = 0;
  std::optional<Status> end_;
};

WatchReaders::WatchReaders(const Settings& settings) {
  for (int i = 0; i < settings.readers; ++i) {
    readers_.push_back(std::make_unique<Reader>(*this, settings));
  }
}

WatchReaders::~WatchReaders() {
  for (const auto& reader : readers_) {
    reader->Cancel();
  }
  MutexLock lock(mutex_);
  while (!std::ranges::all_of(readers_, [](const auto& reader) { return reader->end().has_value(); })) {
    changed_.Wait(mutex_);
  }
}

Status WatchReaders::WaitForEach(int64_t events) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  MutexLock lock(mutex_);
  wanted_ = events;
  while (!std::ranges::all_of(readers_, [&](const auto& reader) { return reader->events() >= events; })) {
    for (const auto& reader : readers_) {
      if (reader->end() && reader->events() < events) {
        return Unavailable("a watcher's call ended after {} of {} events: {}", reader->events(), events,
                           MessageOf(*reader->end()));
      }
    }
    if (!changed_.WaitUntil(mutex_, until)) {
      return DeadlineExceeded("a watcher does not get its {} events", events);
    }
  }
  return OkStatus();
}

void WatchReaders::NoteArrival(const v1::WatchJobsResponse& response) {
  MutexLock lock(mutex_);
  newest_ = response;
  changed_.NotifyAll();
}

void WatchReaders::NoteEnd(Reader& reader, const Status& status) {
  MutexLock lock(mutex_);
  reader.end_ = status;
  changed_.NotifyAll();
}

v1::WatchJobsResponse WatchReaders::newest() const {
  MutexLock lock(mutex_);
  return newest_;
}

}  // namespace turnpike
