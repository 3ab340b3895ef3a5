#pragma once
// A channel with a connection of its own: gRPC lets channels to one address share theirs otherwise.

#include <grpcpp/create_channel.h>

#include <memory>
#include <string>

namespace turnpike {

inline std::shared_ptr<grpc::Channel> OwnConnection(const std::string& address,
                                                    const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

}  // namespace turnpike
