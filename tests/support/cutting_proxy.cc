#include "tests/support/cutting_proxy.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "base/check.h"

namespace turnpike {
namespace {

constexpr char kSocketName[] = "/.s.PGSQL.5432";
constexpr size_t kChunkBytes = 1U << 16U;
// The text of the statement in the message that prepares it; a session that was just opened prepares it anew.
constexpr std::string_view kCommit("\0COMMIT\0", 8);

sockaddr_un AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  CHECK(path.size() < sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  return address;
}

FileDescriptor ListenAt(const std::string& path) {
  FileDescriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = AddressOf(path);
  CHECK(::bind(listener.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  CHECK(::listen(listener.number(), SOMAXCONN) == 0);
  return listener;
}

FileDescriptor ConnectTo(const std::string& path) {
  FileDescriptor server(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = AddressOf(path);
  const int connected = ::connect(server.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return connected == 0 ? std::move(server) : FileDescriptor();
}

// Empty: that side has ended.
std::string Read(const FileDescriptor& from) {
  std::string bytes(kChunkBytes, '\0');
  const ssize_t count = ::recv(from.number(), bytes.data(), bytes.size(), 0);
  bytes.resize(count > 0 ? static_cast<size_t>(count) : 0);
  return bytes;
}

bool Write(const FileDescriptor& to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(to.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

}  // namespace

CuttingProxy::CuttingProxy(const std::string& folder, const std::string& server_socket_folder)
    : server_path_(server_socket_folder + kSocketName),
      listener_(ListenAt(folder + kSocketName)),
      stop_(::eventfd(0, EFD_CLOEXEC)),
      thread_([this] { Run(); }) {}

CuttingProxy::~CuttingProxy() {
  ::eventfd_write(stop_.number(), 1);
  thread_.join();
}

// One connection after the other: the program under test has one at a time.
void CuttingProxy::Run() {
  while (true) {
    std::array<pollfd, 2> waiting{{{.fd = listener_.number(), .events = POLLIN, .revents = 0},
                                   {.fd = stop_.number(), .events = POLLIN, .revents = 0}}};
    CHECK(::poll(waiting.data(), waiting.size(), -1) > 0);
    if (waiting[1].revents != 0) {
      return;
    }
    const FileDescriptor program(::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC));
    if (program.is_open()) {
      Serve(program);
    }
  }
}

void CuttingProxy::Serve(const FileDescriptor& program) {
  const FileDescriptor server = ConnectTo(server_path_);
  commit_is_under_way_ = false;
  while (server.is_open()) {
    std::array<pollfd, 3> waiting{{{.fd = program.number(), .events = POLLIN, .revents = 0},
                                   {.fd = server.number(), .events = POLLIN, .revents = 0},
                                   {.fd = stop_.number(), .events = POLLIN, .revents = 0}}};
    CHECK(::poll(waiting.data(), waiting.size(), -1) > 0);
    if (waiting[2].revents != 0 || (waiting[0].revents != 0 && !PassToServer(program, server))) {
      return;
    }
    if (waiting[1].revents == 0) {
      continue;
    }
    const std::string answer = Read(server);
    if (commit_is_under_way_) {
      ++cuts_;
      return;
    }
    if (answer.empty() || !Write(program, answer)) {
      return;
    }
  }
}

bool CuttingProxy::PassToServer(const FileDescriptor& program, const FileDescriptor& server) {
  const std::string bytes = Read(program);
  if (bytes.empty()) {
    return false;
  }
  if (bytes.find(kCommit) == std::string::npos || cut_ == Cut::kNever) {
    return Write(server, bytes);
  }
  if (cut_.exchange(Cut::kNever) == Cut::kBeforeCommit) {
    ++cuts_;
    return false;
  }
  commit_is_under_way_ = true;
  return Write(server, bytes);
}

}  // namespace turnpike
