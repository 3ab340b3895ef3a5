#pragma once
// Keeps so many calls under way until each of a list of requests has been answered.

#include <grpcpp/client_context.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <vector>

#include "base/grpc/error_details.h"
#include "base/mutex.h"
#include "base/status.h"

namespace turnpike {

struct LoadTimes {
  double seconds = 0;
  std::vector<double> call_micros;  // in the order of the requests
};

template <class Request, class Response>
class CallLoad {
 public:
  using Start = std::function<void(grpc::ClientContext*, const Request*, Response*, std::function<void(grpc::Status)>)>;
  struct Parts {
    std::function<void(grpc::ClientContext&)> prepare;  // the token
    Start start;
    int width = 1;
  };
  explicit CallLoad(Parts parts) : parts_(std::move(parts)) {}

  // The responses in the order of the requests; the first failure ends the load and is returned.
  Result<LoadTimes> Run(const std::vector<Request>& requests, std::vector<Response>& responses) {
    requests_ = &requests;
    responses_ = &responses;
    responses.resize(requests.size());
    times_ = {.seconds = 0, .call_micros = std::vector<double>(requests.size())};
    next_ = 0;
    failure_ = OkStatus();
    running_ = parts_.width;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < parts_.width; ++i) {
      StartNext();
    }
    MutexLock lock(mutex_);
    while (running_ > 0) {
      changed_.Wait(mutex_);
    }
    times_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    RETURN_IF_ERROR(failure_);
    return std::move(times_);
  }

 private:
  struct OneCall {
    grpc::ClientContext context;
    std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  };

  void StartNext() {
    const size_t i = next_.fetch_add(1);
    if (i >= requests_->size()) {
      End(OkStatus());
      return;
    }
    auto call = std::make_shared<OneCall>();
    parts_.prepare(call->context);
    parts_.start(&call->context, &(*requests_)[i], &(*responses_)[i], [this, call, i](const grpc::Status& status) {
      times_.call_micros[i] =
          std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - call->start).count();
      status.ok() ? StartNext() : End(FromGrpc(status));
    });
  }

  void End(const Status& status) {
    MutexLock lock(mutex_);
    failure_.Update(status);
    if (!status.ok()) {
      next_ = requests_->size();
    }
    --running_;
    changed_.NotifyAll();
  }

  const Parts parts_;
  const std::vector<Request>* requests_ = nullptr;
  std::vector<Response>* responses_ = nullptr;
  LoadTimes times_;
  std::atomic<size_t> next_ = 0;
  Mutex mutex_;
  CondVar changed_;
  int running_ GUARDED_BY(mutex_) = 0;
  Status failure_ GUARDED_BY(mutex_);
};

}  // namespace turnpike
