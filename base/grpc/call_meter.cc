#include "base/grpc/call_meter.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/server_context.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>

#include "base/grpc/call_metadata.h"
#include "base/grpc/status_code_name.h"
#include "base/log.h"

namespace turnpike {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;
using std::chrono::steady_clock;

constexpr char kOther[] = "other";

constexpr grpc::StatusCode kInsideFailures[] = {grpc::INTERNAL, grpc::UNKNOWN, grpc::DATA_LOSS};

// What one method is measured with.
class MethodMeter {
 public:
  MethodMeter(Metrics& metrics, const std::string& method)
      : name_(method),
        calls_(metrics, Metric::kCalls,
               [method](size_t code) {
                 return LabelValues{method, std::string(StatusCodeName(static_cast<grpc::StatusCode>(code)))};
               }),
        seconds_(metrics.HistogramOf(Metric::kCallSeconds, {method})),
        open_(metrics.GaugeOf(Metric::kCallsOpen, {method})) {
    // A series that begins with its first failure has no increase by which an alert could see it.
    for (const grpc::StatusCode code : kInsideFailures) {
      calls_.Add(static_cast<size_t>(code), 0);
    }
  }

  const std::string& name() const { return name_; }
  void Begin() { open_.Add(1); }
  void Count(grpc::StatusCode code) {
    const auto number = static_cast<size_t>(code);
    calls_.Add(number < kStatusCodes ? number : static_cast<size_t>(grpc::UNKNOWN));
  }
  void Time(steady_clock::duration time) { seconds_.Observe(time); }
  void End() { open_.Add(-1); }

 private:
  const std::string name_;
  CounterArray<kStatusCodes> calls_;
  Histogram& seconds_;
  Gauge& open_;
};

bool FailedInside(grpc::StatusCode code) {
  return std::ranges::find(kInsideFailures, code) != std::end(kInsideFailures);
}

class CallMeter final : public grpc::experimental::Interceptor {
 public:
  CallMeter(MethodMeter& meter, ServerRpcInfo& call) : meter_(meter), call_(call) { meter_.Begin(); }
  ~CallMeter() override { meter_.End(); }
  CallMeter(const CallMeter&) = delete;
  CallMeter& operator=(const CallMeter&) = delete;

  void Intercept(InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      Note(methods->GetSendStatus());
    }
    methods->Proceed();
  }

 private:
  void Note(const grpc::Status& status) {
    meter_.Count(status.error_code());
    if (call_.type() == ServerRpcInfo::Type::UNARY) {
      meter_.Time(steady_clock::now() - begun_);
    }
    if (FailedInside(status.error_code())) {
      LogWarn("a call was answered with an inside failure", {{"method", meter_.name()},
                                                             {"answer", status.error_message()},
                                                             {"request_id", RequestIdOf(*call_.server_context())},
                                                             {"traceparent", TraceParentOf(*call_.server_context())}});
    }
  }

  MethodMeter& meter_;
  ServerRpcInfo& call_;
  const steady_clock::time_point begun_ = steady_clock::now();
};

// Made for a server and not changed after; its meters are safe to use from any thread.
class CallMeterFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  CallMeterFactory(const std::vector<std::string>& services, Metrics& metrics) : other_(metrics, kOther) {
    for (const std::string& service : services) {
      const auto* about = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(service);
      for (int i = 0; about != nullptr && i < about->method_count(); ++i) {
        const std::string& method = about->method(i)->name();
        methods_.emplace("/" + service + "/" + method,
                         std::make_unique<MethodMeter>(metrics, about->name() + "/" + method));
      }
    }
  }

  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* call) override {
    const auto found = methods_.find(std::string_view(call->method()));
    return new CallMeter(found == methods_.end() ? other_ : *found->second, *call);
  }

 private:
  MethodMeter other_;
  std::map<std::string, std::unique_ptr<MethodMeter>, std::less<>> methods_;
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeCallMeter(
    const std::vector<std::string>& services, Metrics& metrics) {
  return std::make_unique<CallMeterFactory>(services, metrics);
}

}  // namespace turnpike
