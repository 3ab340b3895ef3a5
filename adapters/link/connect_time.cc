#include "adapters/link/connect_time.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/file_descriptor.h"

namespace turnpike {
namespace {

using std::chrono::steady_clock;

int StartConnect(int socket, const NumericAddress& address) {
  if (address.is_ipv6) {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(address.port);
    std::memcpy(&to.sin6_addr, address.bytes.data(), sizeof to.sin6_addr);
    return ::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(address.port);
  std::memcpy(&to.sin_addr, address.bytes.data(), sizeof to.sin_addr);
  return ::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

// Whether the connection that is being opened was accepted before then.
bool WaitForConnect(int socket, steady_clock::time_point until) {
  pollfd waited{.fd = socket, .events = POLLOUT, .revents = 0};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now());
    const int ready = left.count() > 0 ? ::poll(&waited, 1, static_cast<int>(left.count())) : 0;
    if (ready < 0 && errno == EINTR) {
      continue;
    }
    int error = 0;
    socklen_t size = sizeof error;
    return ready > 0 && ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
  }
}

}  // namespace

std::optional<std::chrono::microseconds> MeasureConnectTime(const NumericAddress& address,
                                                            std::chrono::milliseconds timeout) {
  const FileDescriptor socket(
      ::socket(address.is_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) {
    return std::nullopt;
  }
  const auto begin = steady_clock::now();
  const bool at_once = StartConnect(socket.number(), address) == 0;
  if (!at_once && (errno != EINPROGRESS || !WaitForConnect(socket.number(), begin + timeout))) {
    return std::nullopt;
  }
  const auto took = std::chrono::ceil<std::chrono::microseconds>(steady_clock::now() - begin);
  return std::max(took, std::chrono::microseconds(1));
}

}  // namespace turnpike
