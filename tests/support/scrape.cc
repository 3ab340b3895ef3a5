#include "tests/support/scrape.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <sstream>

#include "base/errno_status.h"
#include "base/file_descriptor.h"

namespace turnpike {
namespace {

constexpr size_t kPieceBytes = 16U << 10U;

Result<std::string> ReadAll(const FileDescriptor& socket) {
  std::string answer;
  std::array<char, kPieceBytes> piece{};
  while (true) {
    const ssize_t got = ::recv(socket.number(), piece.data(), piece.size(), 0);
    if (got < 0) {
      return ErrnoStatus(errno, "cannot read the answer");
    }
    if (got == 0) {
      return answer;
    }
    answer.append(piece.data(), static_cast<size_t>(got));
  }
}

}  // namespace

Result<std::string> GetOverHttp(int port, const std::string& path) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return ErrnoStatus(errno, "cannot connect to port {}", port);
  }
  const std::string request = fmt::format("GET {} HTTP/1.0\r\nHost: localhost\r\n\r\n", path);
  if (::send(socket.number(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    return ErrnoStatus(errno, "cannot send the request");
  }
  ASSIGN_OR_RETURN(const std::string answer, ReadAll(socket));
  const size_t body = answer.find("\r\n\r\n");
  if (answer.find(" 200 ") > answer.find("\r\n") || body == std::string::npos) {
    return NotFound("the answer is '{}'", answer.substr(0, answer.find("\r\n")));
  }
  return answer.substr(body + 4);
}

std::map<std::string, double> ParseMetrics(const std::string& text) {
  std::map<std::string, double> values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t space = line.rfind(' ');
    if (!line.empty() && line.front() != '#' && space != std::string::npos) {
      values[line.substr(0, space)] = std::strtod(line.c_str() + space, nullptr);
    }
  }
  return values;
}

Result<std::map<std::string, double>> Scrape(int port) {
  ASSIGN_OR_RETURN(const std::string text, GetOverHttp(port, "/metrics"));
  return ParseMetrics(text);
}

}  // namespace turnpike
