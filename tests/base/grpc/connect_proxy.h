#pragma once
// An HTTP proxy on the loopback address that takes CONNECT, for one connection after the other.  Whatever name it is
// asked for, it leads to `port`: so nothing that only reaches that port went past the proxy.

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/file_descriptor.h"
#include "base/mutex.h"

namespace turnpike {

class ConnectProxy {
 public:
  explicit ConnectProxy(int port, std::string answer = "HTTP/1.1 200 Connection established")
      : answer_(std::move(answer)), target_(LoopbackAddress(port)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in own = LoopbackAddress(0);
    socklen_t size = sizeof own;
    CHECK(::bind(listener_.number(), Any(own), size) == 0 && ::listen(listener_.number(), 8) == 0);
    CHECK(::getsockname(listener_.number(), Any(own), &size) == 0);
    port_ = ntohs(own.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~ConnectProxy() {
    ::shutdown(listener_.number(), SHUT_RDWR);
    thread_.join();
  }

  std::string url(const std::string& login = "") const {
    return "http://" + (login.empty() ? "" : login + "@") + "127.0.0.1:" + std::to_string(port_);
  }
  // The heads of the requests so far.
  std::vector<std::string> requests() const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return requests_;
  }

 private:
  static sockaddr_in LoopbackAddress(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    return address;
  }
  static sockaddr* Any(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

  void Serve() EXCLUDES(mutex_) {
    for (;;) {
      const FileDescriptor client(::accept(listener_.number(), nullptr, nullptr));
      if (!client.is_open()) {
        return;
      }
      std::string head = ReadHead(client);
      {
        MutexLock lock(mutex_);
        requests_.push_back(std::move(head));
      }
      const std::string answer = answer_ + "\r\n\r\n";
      CHECK(::send(client.number(), answer.data(), answer.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(answer.size()));
      if (answer_.find(" 200 ") != std::string::npos) {
        Relay(client);
      }
    }
  }

  static std::string ReadHead(const FileDescriptor& client) {
    std::string head;
    char byte = 0;
    while (!head.ends_with("\r\n\r\n") && ::recv(client.number(), &byte, 1, 0) == 1) {
      head += byte;
    }
    return head;
  }

  // Until either side is done.
  void Relay(const FileDescriptor& client) {
    const FileDescriptor server(::socket(AF_INET, SOCK_STREAM, 0));
    if (::connect(server.number(), Any(target_), sizeof target_) != 0) {
      return;
    }
    for (;;) {
      std::array<pollfd, 2> ends{pollfd{client.number(), POLLIN, 0}, pollfd{server.number(), POLLIN, 0}};
      ::poll(ends.data(), ends.size(), -1);
      for (size_t from = 0; from < ends.size(); ++from) {
        if (ends.at(from).revents != 0 && !PassOn(ends.at(from).fd, ends.at(1 - from).fd)) {
          return;
        }
      }
    }
  }
  static bool PassOn(int from, int to) {
    std::array<char, 4096> bytes{};
    const ssize_t count = ::recv(from, bytes.data(), bytes.size(), 0);
    return count > 0 && ::send(to, bytes.data(), static_cast<size_t>(count), MSG_NOSIGNAL) == count;
  }

  const std::string answer_;
  sockaddr_in target_;
  const FileDescriptor listener_;
  int port_ = 0;
  mutable Mutex mutex_;
  std::vector<std::string> requests_ GUARDED_BY(mutex_);
  std::thread thread_;
};

// What the environment says of proxies during a test, and nothing else does.
class ProxyEnvironment {
 public:
  ProxyEnvironment(std::initializer_list<std::pair<const char*, std::string>> values) {
    for (const char* name : {"grpc_proxy", "https_proxy", "http_proxy", "no_grpc_proxy", "no_proxy"}) {
      const char* before = ::getenv(name);
      before_.emplace_back(name, before == nullptr ? std::nullopt : std::optional<std::string>(before));
      ::unsetenv(name);
    }
    for (const auto& [name, value] : values) {
      ::setenv(name, value.c_str(), /*overwrite=*/1);
    }
  }
  ~ProxyEnvironment() {
    for (const auto& [name, value] : before_) {
      value ? ::setenv(name, value->c_str(), /*overwrite=*/1) : ::unsetenv(name);
    }
  }

 private:
  std::vector<std::pair<const char*, std::optional<std::string>>> before_;
};

}  // namespace turnpike
