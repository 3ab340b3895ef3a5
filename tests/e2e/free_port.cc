#include "tests/e2e/free_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

#include "base/file_descriptor.h"

namespace turnpike {
namespace {

// Below the ports that the kernel gives to outgoing connections, so that nobody takes one while the broker is away.
constexpr int kPortMin = 10'000;
constexpr int kPortSpan = 15'000;

bool IsFree(int port) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int reuse = 1;
  ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

int FindFreePort(RandomSource& random) {
  while (true) {
    std::array<uint8_t, 2> bytes{};
    random.Fill(bytes);
    const int port = kPortMin + (bytes[0] * 256 + bytes[1]) % kPortSpan;
    if (IsFree(port)) {
      return port;
    }
  }
}

}  // namespace turnpike
