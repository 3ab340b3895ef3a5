#pragma once
// Opens channels with the project's limits and keepalive rules.

#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>

#include <memory>
#include <string>

namespace turnpike {

// The largest message, in either direction, on either end.
constexpr int kMessageBytesMax = 16 << 20;

struct ChannelSettings {
  std::string address;  // "host:port"
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  bool keepalive_without_calls = false;  // for a site's link alone: it must notice a dead broker also when it is idle
  std::string service_config_json;       // retries; empty: none
};

// Never fails: connecting begins with the first call.
std::shared_ptr<grpc::Channel> MakeChannel(const ChannelSettings& settings);

}  // namespace turnpike
