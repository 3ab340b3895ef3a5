#pragma once
// The HTTP proxy through which gRPC reaches a server, for the one connection that is not gRPC's.

#include <chrono>
#include <optional>
#include <string>

#include "base/openssl_handle.h"
#include "base/status.h"

namespace turnpike {

// As the environment has it.
struct ProxySettings {
  std::string url;           // "http://user:password@proxy.example.org:3128"; empty: none
  std::string direct_hosts;  // ends of host names, comma separated, that are reached without it
};

// The variables that gRPC reads: grpc_proxy, https_proxy, http_proxy; no_grpc_proxy, no_proxy.
ProxySettings ReadProxySettings();

struct HttpProxy {
  std::string host;
  std::string port;
  std::string user;
  std::string password;
};

// nullopt: `host` is reached without one.  INVALID_ARGUMENT: the setting cannot be used.
Result<std::optional<HttpProxy>> ProxyFor(const std::string& host, const ProxySettings& settings);

// Asks the proxy at the other end of `connection` for a tunnel to `address`, "host:port".
Status OpenTunnel(BIO* connection, const HttpProxy& proxy, const std::string& address,
                  std::chrono::steady_clock::time_point until);

}  // namespace turnpike
