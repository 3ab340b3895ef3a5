#include "base/grpc/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

namespace turnpike {
namespace {

constexpr int kKeepaliveMs = 30'000;         // ask an idle connection for a sign of life …
constexpr int kKeepaliveTimeoutMs = 10'000;  // … and give it up without one
constexpr int kReconnectFirstMs = 100;
// gRPC's "minimal backoff" is what a connection may take until it stands, TLS and all: on a far or loaded host some
// round trips of a second.  Then the next address is tried.
constexpr int kConnectMs = 5'000;
constexpr int kReconnectMaxMs = 5'000;

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(const ChannelSettings& settings) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  arguments.SetMaxSendMessageSize(kMessageBytesMax);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, settings.keepalive_without_calls ? 1 : 0);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // keepalive alone decides
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectFirstMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMaxMs);
  if (!settings.service_config_json.empty()) {
    arguments.SetServiceConfigJSON(settings.service_config_json);
  }
  return grpc::CreateCustomChannel(settings.address, settings.credentials, arguments);
}

}  // namespace turnpike
