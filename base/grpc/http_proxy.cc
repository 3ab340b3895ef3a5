#include "base/grpc/http_proxy.h"

#include <openssl/err.h>
#include <openssl/http.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace turnpike {
namespace {

struct OpensslTextFree {
  void operator()(char* text) const { OPENSSL_free(text); }
};
using OpensslText = std::unique_ptr<char, OpensslTextFree>;

// The first of these variables that says something.
std::string FirstSet(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (const char* value = std::getenv(name); value != nullptr && value[0] != '\0') {
      return value;
    }
  }
  return "";
}

std::string Lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool IsDirect(const std::string& host, const std::string& direct_hosts) {
  const std::string name = Lower(host);
  const std::string ends = Lower(direct_hosts);
  for (size_t at = 0; at <= ends.size();) {
    const size_t comma = std::min(ends.find(',', at), ends.size());
    const std::string end = ends.substr(at, comma - at);
    if (!end.empty() && name.ends_with(end)) {
      return true;
    }
    at = comma + 1;
  }
  return false;
}

}  // namespace

ProxySettings ReadProxySettings() {
  return {.url = FirstSet({"grpc_proxy", "https_proxy", "http_proxy"}),
          .direct_hosts = FirstSet({"no_grpc_proxy", "no_proxy"})};
}

Result<std::optional<HttpProxy>> ProxyFor(const std::string& host, const ProxySettings& settings) {
  if (settings.url.empty() || IsDirect(host, settings.direct_hosts)) {
    return std::nullopt;
  }
  char* user = nullptr;
  char* name = nullptr;
  char* port = nullptr;
  int uses_tls = 0;
  const bool parsed = OSSL_HTTP_parse_url(settings.url.c_str(), &uses_tls, &user, &name, &port, nullptr, nullptr,
                                          nullptr, nullptr) == 1;
  const OpensslText user_text(user);
  const OpensslText name_text(name);
  const OpensslText port_text(port);
  if (!parsed || uses_tls != 0) {
    ERR_clear_error();
    return InvalidArgument(
        "the proxy that the environment names is not http://host:port: see grpc_proxy, https_proxy and http_proxy");
  }
  const std::string login = user == nullptr ? "" : user;
  const size_t colon = std::min(login.find(':'), login.size());
  return HttpProxy{.host = name,
                   .port = port,
                   .user = login.substr(0, colon),
                   .password = login.substr(std::min(colon + 1, login.size()))};
}

Status OpenTunnel(BIO* connection, const HttpProxy& proxy, const std::string& address,
                  std::chrono::steady_clock::time_point until) {
  const size_t colon = address.rfind(':');
  const auto left = std::chrono::ceil<std::chrono::seconds>(until - std::chrono::steady_clock::now()).count();
  const BioHandle said(BIO_new(BIO_s_mem()));
  const bool opened =
      OSSL_HTTP_proxy_connect(connection, address.substr(0, colon).c_str(), address.substr(colon + 1).c_str(),
                              proxy.user.empty() ? nullptr : proxy.user.c_str(),
                              proxy.user.empty() ? nullptr : proxy.password.c_str(),
                              static_cast<int>(std::max<int64_t>(left, 1)), said.get(), "turnpike") == 1;
  if (opened) {
    return OkStatus();
  }
  std::string why = TextOf(said);
  std::ranges::replace(why, '\n', ' ');
  return Unavailable("the proxy {}:{} opens no tunnel to {}: {}({})", proxy.host, proxy.port, address, why,
                     TakeOpensslError());
}

}  // namespace turnpike
