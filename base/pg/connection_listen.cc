// The part of Connection that waits for notifications.

#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <array>
#include <utility>

#include "base/pg/connection.h"
#include "base/pg/server_message.h"

namespace turnpike {

Status Connection::Listen(std::string_view channel) {
  char* quoted = PQescapeIdentifier(connection_.get(), channel.data(), channel.size());
  if (quoted == nullptr) {
    return InvalidArgument("channel {} cannot be listened to: {}", channel, Trimmed(PQerrorMessage(connection_.get())));
  }
  const std::string sql = fmt::format("LISTEN {}", quoted);
  PQfreemem(quoted);
  return ExecuteScript(sql);
}

Result<bool> Connection::WaitForNotification(std::chrono::milliseconds time) {
  const Deadline deadline = std::chrono::steady_clock::now() + time;
  while (true) {
    if (broken_) {
      return ConnectionLost("the connection is broken already");
    }
    if (std::exchange(notified_, false)) {
      return true;
    }
    std::array<pollfd, 2> waiting{{{.fd = PQsocket(connection_.get()), .events = POLLIN, .revents = 0},
                                   {.fd = wake_.number(), .events = POLLIN, .revents = 0}}};
    const int ready = ::poll(waiting.data(), waiting.size(), MillisecondsUntil(deadline));
    if (ready == 0) {
      return false;
    }
    if (waiting[1].revents != 0) {
      eventfd_t count = 0;
      ::eventfd_read(wake_.number(), &count);
      return false;
    }
    if (waiting[0].revents != 0 && PQconsumeInput(connection_.get()) != 1) {
      return Break(Lost());
    }
    CollectNotifications();
  }
}

void Connection::Wake() {
  ::eventfd_write(wake_.number(), 1);
}

void Connection::CollectNotifications() {
  while (PGnotify* notification = PQnotifies(connection_.get())) {
    notified_ = true;
    PQfreemem(notification);
  }
}

}  // namespace turnpike
