#pragma once
// A broker's agent port on the loopback address, with real TLS; the test says what it answers.

#include <turnpike/v1/site_link_service.grpc.pb.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/grpc/credentials.h"
#include "base/grpc/error_details.h"
#include "base/grpc/server.h"
#include "base/mutex.h"
#include "tests/adapters/link/test_certificates.h"

namespace turnpike {

// Only so that a broken test ends.
constexpr std::chrono::minutes kTestPatience{1};

// The broker's end of one Synchronize call.  Lives as long as the broker.
class FakeSession final : public grpc::ServerBidiReactor<v1::SynchronizeRequest, v1::SynchronizeResponse> {
 public:
  explicit FakeSession(grpc::CallbackServerContext* context) : context_(context) { StartRead(&incoming_); }

  // --- For the test.
  void Send(v1::SynchronizeResponse message) {
    const MutexLock lock(mutex_);
    outgoing_.push_back(std::move(message));
    StartNextWrite();
  }
  // The call ends with this status once everything is written.
  void End(const Status& status) {
    const MutexLock lock(mutex_);
    ending_ = ToGrpc(status);
    StartNextWrite();
  }
  void Cut() { context_->TryCancel(); }
  void Acknowledge(int64_t seq) {
    v1::SynchronizeResponse message;
    message.mutable_acknowledge()->set_seq(seq);
    Send(std::move(message));
  }
  void Want(const v1::DesiredAttempt& desired) {
    v1::SynchronizeResponse message;
    *message.mutable_desired_change()->add_attempts() = desired;
    Send(std::move(message));
  }
  // Waits until `condition(messages so far)` is true; false when it never is, or when the call has ended before.
  template <class Condition>
  bool WaitFor(const Condition& condition) {
    const auto until = std::chrono::steady_clock::now() + kTestPatience;
    const MutexLock lock(mutex_);
    while (!condition(received_)) {
      if (done_ || !changed_.WaitUntil(mutex_, until)) {
        return condition(received_);
      }
    }
    return true;
  }
  bool WaitForEnd() {
    const auto until = std::chrono::steady_clock::now() + kTestPatience;
    const MutexLock lock(mutex_);
    while (!done_ && changed_.WaitUntil(mutex_, until)) {
    }
    return done_;
  }
  std::vector<v1::SynchronizeRequest> received() {
    const MutexLock lock(mutex_);
    return received_;
  }
  std::vector<v1::Report> Reports() {
    std::vector<v1::Report> reports;
    for (const v1::SynchronizeRequest& message : received()) {
      reports.insert(reports.end(), message.reports().reports().begin(), message.reports().reports().end());
    }
    return reports;
  }
  // The first `count` reports; fewer where they never come.
  std::vector<v1::Report> WaitForReports(size_t count) {
    WaitFor([count](const std::vector<v1::SynchronizeRequest>& messages) {
      size_t seen = 0;
      for (const v1::SynchronizeRequest& message : messages) {
        seen += static_cast<size_t>(message.reports().reports_size());
      }
      return seen >= count;
    });
    return Reports();
  }
  v1::Hello WaitForHello() {
    WaitFor([](const auto& messages) { return !messages.empty(); });
    const std::vector<v1::SynchronizeRequest> messages = received();
    return messages.empty() ? v1::Hello() : messages.front().hello();
  }

 private:
  void OnReadDone(bool ok) override {
    const MutexLock lock(mutex_);
    if (ok) {
      received_.push_back(incoming_);
      incoming_.Clear();
      StartRead(&incoming_);
    } else {
      gone_ = true;
      StartNextWrite();
    }
    changed_.NotifyAll();
  }
  void OnWriteDone(bool ok) override {
    const MutexLock lock(mutex_);
    writing_ = false;
    gone_ = gone_ || !ok;
    outgoing_.pop_front();
    StartNextWrite();
  }
  void OnDone() override {
    const MutexLock lock(mutex_);
    done_ = true;
    changed_.NotifyAll();
  }
  void StartNextWrite() REQUIRES(mutex_) {
    if (writing_ || finished_) {
      return;
    }
    if (gone_ || (outgoing_.empty() && ending_)) {
      finished_ = true;
      Finish(ending_.value_or(grpc::Status::OK));
    } else if (!outgoing_.empty()) {
      writing_ = true;
      StartWrite(&outgoing_.front());
    }
  }

  grpc::CallbackServerContext* const context_;
  v1::SynchronizeRequest incoming_;
  Mutex mutex_;
  CondVar changed_;
  std::vector<v1::SynchronizeRequest> received_ GUARDED_BY(mutex_);
  std::deque<v1::SynchronizeResponse> outgoing_ GUARDED_BY(mutex_);
  std::optional<grpc::Status> ending_ GUARDED_BY(mutex_);
  bool writing_ GUARDED_BY(mutex_) = false;
  bool gone_ GUARDED_BY(mutex_) = false;
  bool finished_ GUARDED_BY(mutex_) = false;
  bool done_ GUARDED_BY(mutex_) = false;
};

class FakeBroker final : public v1::SiteLinkService::WithCallbackMethod_Synchronize<v1::SiteLinkService::Service> {
 public:
  explicit FakeBroker(TestCertificates& certificates) : certificates_(certificates) {
    const auto credentials = AgentServerCredentials(certificates.Server());
    CHECK(credentials.ok());
    auto server = GrpcServer::Start(
        {.address = "127.0.0.1:0", .credentials = *credentials, .services = {Serve<v1::SiteLinkService>(*this)}});
    CHECK(server.ok());
    server_ = std::move(server).value();
  }
  ~FakeBroker() override {
    ReleaseLogs();
    server_->Shutdown(std::chrono::milliseconds(0));
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(server_->port()); }
  // The n-th call ever made, from 0 on.
  FakeSession& Session(size_t number) {
    const auto until = std::chrono::steady_clock::now() + kTestPatience;
    const MutexLock lock(mutex_);
    while (sessions_.size() <= number) {
      CHECK(changed_.WaitUntil(mutex_, until));
    }
    return *sessions_[number];
  }
  std::vector<v1::SendLogRequest> logs() {
    const MutexLock lock(mutex_);
    return logs_;
  }
  std::vector<v1::SendLogRequest> WaitForLogs(size_t count) {
    const auto until = std::chrono::steady_clock::now() + kTestPatience;
    const MutexLock lock(mutex_);
    while (logs_.size() < count && changed_.WaitUntil(mutex_, until)) {
    }
    return logs_;
  }
  // SendLog answers only after ReleaseLogs.
  void HoldLogs() {
    const MutexLock lock(mutex_);
    logs_held_ = true;
  }
  // A SendLog call has arrived and waits.
  bool WaitUntilLogsAreHeld() {
    const auto until = std::chrono::steady_clock::now() + kTestPatience;
    const MutexLock lock(mutex_);
    while (log_calls_waiting_ == 0 && changed_.WaitUntil(mutex_, until)) {
    }
    return log_calls_waiting_ > 0;
  }
  void ReleaseLogs() {
    const MutexLock lock(mutex_);
    logs_held_ = false;
    changed_.NotifyAll();
  }
  // What the next SendLog calls answer, instead of OK.
  void RefuseLogs(std::vector<Status> answers) {
    const MutexLock lock(mutex_);
    log_refusals_.assign(answers.begin(), answers.end());
  }
  int renewals() {
    const MutexLock lock(mutex_);
    return renewals_;
  }

 private:
  grpc::ServerBidiReactor<v1::SynchronizeRequest, v1::SynchronizeResponse>* Synchronize(
      grpc::CallbackServerContext* context) override {
    const MutexLock lock(mutex_);
    sessions_.push_back(std::make_unique<FakeSession>(context));
    changed_.NotifyAll();
    return sessions_.back().get();
  }
  grpc::Status Renew(grpc::ServerContext*, const v1::RenewRequest* request, v1::RenewResponse* response) override {
    response->set_certificate_pem(certificates_.SignAgent(request->certificate_request(), certificates_.now()));
    const MutexLock lock(mutex_);
    ++renewals_;
    return grpc::Status::OK;
  }
  grpc::Status SendLog(grpc::ServerContext*, grpc::ServerReader<v1::SendLogRequest>* reader,
                       v1::SendLogResponse*) override {
    v1::SendLogRequest piece;
    std::vector<v1::SendLogRequest> pieces;
    while (reader->Read(&piece)) {
      pieces.push_back(piece);
    }
    const MutexLock lock(mutex_);
    if (!log_refusals_.empty()) {
      const Status refusal = log_refusals_.front();
      log_refusals_.pop_front();
      return ToGrpc(refusal);
    }
    ++log_calls_waiting_;
    changed_.NotifyAll();
    while (logs_held_) {
      changed_.Wait(mutex_);
    }
    --log_calls_waiting_;
    logs_.insert(logs_.end(), pieces.begin(), pieces.end());
    changed_.NotifyAll();
    return grpc::Status::OK;
  }

  TestCertificates& certificates_;
  Mutex mutex_;
  CondVar changed_;
  std::vector<std::unique_ptr<FakeSession>> sessions_ GUARDED_BY(mutex_);
  std::vector<v1::SendLogRequest> logs_ GUARDED_BY(mutex_);
  std::deque<Status> log_refusals_ GUARDED_BY(mutex_);
  bool logs_held_ GUARDED_BY(mutex_) = false;
  int log_calls_waiting_ GUARDED_BY(mutex_) = 0;
  int renewals_ GUARDED_BY(mutex_) = 0;
  std::unique_ptr<GrpcServer> server_;
};

}  // namespace turnpike
