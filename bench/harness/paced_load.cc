#include "bench/harness/paced_load.h"

#include <turnpike/v1/job_service.grpc.pb.h>

#include <algorithm>

#include "base/error_reason.h"
#include "base/grpc/credentials.h"
#include "base/grpc/error_details.h"
#include "base/mutex.h"
#include "base/stop_signal.h"
#include "bench/harness/own_connection.h"
#include "bench/harness/sample_job.h"

namespace turnpike {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTick{2};
constexpr int64_t kUnderWayMax = 100'000;
// A connection has some hundred calls under way; the others would wait here, unseen by the broker.
constexpr size_t kConnections = 128;

class PacedLoad {
 public:
  PacedLoad(BenchRun& run, const std::shared_ptr<grpc::ChannelCredentials>& credentials)
      : federation_(run.federation), next_job_(run.jobs_made) {
    for (size_t i = 0; i < kConnections; ++i) {
      stubs_.push_back(v1::JobService::NewStub(OwnConnection(run.federation.address(), credentials)));
    }
  }

  PacedTimes Run(double per_second, std::chrono::milliseconds length) {
    const auto start = steady_clock::now();
    StopSignal never;
    int64_t due = 0;
    while (steady_clock::now() - start < length) {
      const auto now_due =
          static_cast<int64_t>(std::chrono::duration<double>(steady_clock::now() - start).count() * per_second);
      for (; due < now_due; ++due) {
        SendOne();
      }
      never.WaitFor(kTick);
    }
    MutexLock lock(mutex_);
    while (under_way_ > 0) {
      changed_.Wait(mutex_);
    }
    times_.seconds = std::chrono::duration<double>(steady_clock::now() - start).count();
    return std::move(times_);
  }

  int64_t next_job() const { return next_job_; }

 private:
  struct OneCall {
    grpc::ClientContext context;
    v1::SubmitJobRequest request;
    v1::SubmitJobResponse response;
    steady_clock::time_point start = steady_clock::now();
  };

  void SendOne() {
    {
      MutexLock lock(mutex_);
      if (under_way_ >= kUnderWayMax) {
        ++times_.held_back;
        return;
      }
      ++under_way_;
      ++times_.sent;
    }
    auto call = std::make_shared<OneCall>();
    federation_.Authorize(call->context);
    call->request.set_request_id(federation_.ids().TimeOrdered<RequestId>().ToString());
    *call->request.mutable_spec() = SampleJob(next_job_++);
    stubs_[static_cast<size_t>(next_job_) % kConnections]->async()->SubmitJob(
        &call->context, &call->request, &call->response,
        [this, call](const grpc::Status& status) { Note(*call, FromGrpc(status)); });
  }

  void Note(const OneCall& call, const Status& status) {
    const double micros = std::chrono::duration<double, std::micro>(steady_clock::now() - call.start).count();
    const std::optional<JobId> job = status.ok() ? JobId::Parse(call.response.job().job_id()) : std::nullopt;
    MutexLock lock(mutex_);
    if (job) {
      times_.accepted.push_back(*job);
    } else if (status.code() == StatusCode::kResourceExhausted) {
      times_.refused_micros.push_back(micros);
      times_.untimed += DetailsOf(status).retry_after ? 0 : 1;
    } else if (times_.failed++ == 0) {
      times_.failure = std::string(MessageOf(status));
    }
    if (--under_way_ == 0) {
      changed_.NotifyAll();
    }
  }

  LoadedFederation& federation_;
  std::vector<std::unique_ptr<v1::JobService::Stub>> stubs_;
  int64_t next_job_;
  Mutex mutex_;
  CondVar changed_;
  int64_t under_way_ GUARDED_BY(mutex_) = 0;
  PacedTimes times_ GUARDED_BY(mutex_);
};

}  // namespace

Result<PacedTimes> SubmitPaced(BenchRun& run, double per_second, std::chrono::milliseconds length) {
  ASSIGN_OR_RETURN(
      const auto credentials,
      ClientCredentials(
          {.certificate_pem = {}, .private_key_pem = {}, .ca_pem = run.federation.authority().ca_certificate_pem()}));
  PacedLoad load(run, credentials);
  PacedTimes times = load.Run(per_second, length);
  run.jobs_made = load.next_job();
  run.accepted.insert(run.accepted.end(), times.accepted.begin(), times.accepted.end());
  return times;
}

}  // namespace turnpike
