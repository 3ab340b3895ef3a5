#include "sdk/connection.h"

#include <grpc/support/time.h>
#include <grpcpp/client_context.h>
#include <grpcpp/impl/client_unary_call.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/rpc_method.h>
#include <grpcpp/support/sync_stream.h>

#include <atomic>
#include <utility>

#include "base/file_sync.h"
#include "base/grpc/call_metadata.h"
#include "base/grpc/channel.h"
#include "base/grpc/credentials.h"
#include "base/grpc/error_details.h"

namespace turnpike {
namespace {

using google::protobuf::MessageLite;
using grpc::internal::RpcMethod;

// Every call may be retried: those that change something carry a request_id.
constexpr char kServiceConfig[] = R"json({
  "methodConfig": [{
    "name": [{}],
    "retryPolicy": {
      "maxAttempts": 4,
      "initialBackoff": "0.1s",
      "maxBackoff": "2s",
      "backoffMultiplier": 2,
      "retryableStatusCodes": ["UNAVAILABLE"]
    }
  }],
  "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1}
})json";

gpr_timespec DeadlineOf(const Call& call) {
  return call.timeout.count() == 0
             ? gpr_inf_future(GPR_CLOCK_MONOTONIC)
             : gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(call.timeout.count(), GPR_TIMESPAN));
}

// So that a broker that does not answer leaves each other one as much time as it had.
gpr_timespec ShareOf(gpr_timespec deadline, size_t brokers_left) {
  if (gpr_time_cmp(deadline, gpr_inf_future(GPR_CLOCK_MONOTONIC)) == 0) {
    return deadline;
  }
  const gpr_timespec now = gpr_now(GPR_CLOCK_MONOTONIC);
  const int32_t left = gpr_time_to_millis(gpr_time_sub(deadline, now));
  return gpr_time_add(now, gpr_time_from_millis(left / static_cast<int32_t>(brokers_left), GPR_TIMESPAN));
}

// OK when `on_piece` has had enough.
grpc::Status ReadAll(grpc::ClientReader<MessageLite>& reader, MessageLite& piece, const std::function<bool()>& on_piece,
                     grpc::ClientContext& context, bool& begun) {
  while (reader.Read(&piece)) {
    begun = true;
    if (!on_piece()) {
      context.TryCancel();
      static_cast<void>(reader.Finish());  // CANCELLED, by us.
      return grpc::Status::OK;
    }
  }
  return reader.Finish();
}

class GrpcConnection final : public Connection {
 public:
  GrpcConnection(std::vector<std::shared_ptr<grpc::Channel>> channels, const ConnectionSettings& settings)
      : channels_(std::move(channels)), token_(settings.token), traceparent_(settings.traceparent) {}

  Status Unary(const Call& call, const MessageLite& request, MessageLite& response) override {
    bool begun = false;
    return OnAnyBroker(call, begun, [&](grpc::Channel& channel, grpc::ClientContext& context) {
      const RpcMethod method(call.method.c_str(), nullptr, RpcMethod::NORMAL_RPC);
      return grpc::internal::BlockingUnaryCall<MessageLite, MessageLite>(&channel, method, &context, request,
                                                                         &response);
    });
  }

  Status Stream(const Call& call, const MessageLite& request, MessageLite& piece,
                const std::function<bool()>& on_piece) override {
    bool begun = false;
    return OnAnyBroker(call, begun, [&](grpc::Channel& channel, grpc::ClientContext& context) {
      const RpcMethod method(call.method.c_str(), nullptr, RpcMethod::SERVER_STREAMING);
      const std::unique_ptr<grpc::ClientReader<MessageLite>> reader(
          grpc::internal::ClientReaderFactory<MessageLite>::Create(&channel, method, &context, request));
      return ReadAll(*reader, piece, on_piece, context, begun);
    });
  }

 private:
  using Attempt = std::function<grpc::Status(grpc::Channel&, grpc::ClientContext&)>;

  // Asks the broker that answered last, then each other one once, all before one deadline: also when one is away or
  // frozen.  A stream that has begun is not begun again: the caller knows from where.
  Status OnAnyBroker(const Call& call, const bool& begun, const Attempt& attempt);

  const std::vector<std::shared_ptr<grpc::Channel>> channels_;
  const std::string token_;
  const std::string traceparent_;
  std::atomic<size_t> current_{0};
};

Status GrpcConnection::OnAnyBroker(const Call& call, const bool& begun, const Attempt& attempt) {
  const gpr_timespec deadline = DeadlineOf(call);
  const size_t first = current_.load();
  Status outcome;
  for (size_t i = 0; i < channels_.size(); ++i) {
    const size_t index = (first + i) % channels_.size();
    grpc::ClientContext context;
    context.set_deadline(ShareOf(deadline, channels_.size() - i));
    RETURN_IF_ERROR(
        AddCallMetadata({.bearer_token = token_, .request_id = call.request_id, .traceparent = traceparent_}, context));
    outcome = FromGrpc(attempt(*channels_[index], context));
    const bool answered = outcome.code() != StatusCode::kUnavailable && outcome.code() != StatusCode::kDeadlineExceeded;
    if (begun || answered) {
      current_.store(index);
      return outcome;
    }
  }
  return outcome;
}

}  // namespace

Result<std::unique_ptr<Connection>> Connect(const ConnectionSettings& settings) {
  if (settings.addresses.empty()) {
    return InvalidArgument("no broker address is given");
  }
  TlsIdentity identity;
  identity.ca_pem = settings.ca_pem;
  if (identity.ca_pem.empty()) {
    ASSIGN_OR_RETURN(identity.ca_pem, ReadFile(settings.ca_path));
  }
  ASSIGN_OR_RETURN(const auto credentials, ClientCredentials(identity));
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (const std::string& address : settings.addresses) {
    channels.push_back(MakeChannel({.address = address,
                                    .credentials = credentials,
                                    .keepalive_without_calls = false,
                                    .service_config_json = kServiceConfig}));
  }
  return std::make_unique<GrpcConnection>(std::move(channels), settings);
}

}  // namespace turnpike
