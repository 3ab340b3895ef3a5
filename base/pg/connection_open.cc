// The part of Connection that makes the session.

#include <libpq-fe.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/errno_status.h"
#include "base/pg/connection.h"
#include "base/pg/server_message.h"

namespace turnpike {
namespace {

constexpr char kSetTimeouts[] = R"sql(
    SELECT set_config('statement_timeout', $1, false),
           set_config('idle_in_transaction_session_timeout', $2, false)
)sql";

}  // namespace

Result<std::unique_ptr<Connection>> Connection::Open(const ConnectionSettings& settings) {
  const Deadline deadline = std::chrono::steady_clock::now() + settings.connect_timeout;
  const std::array<const char*, 4> keywords{"dbname", "fallback_application_name", "client_encoding", nullptr};
  const std::array<const char*, 4> values{settings.conninfo.c_str(), settings.application_name.c_str(), "UTF8",
                                          nullptr};
  constexpr int kExpandDatabaseName = 1;
  pg_conn* started = PQconnectStartParams(keywords.data(), values.data(), kExpandDatabaseName);
  CHECK(started != nullptr);
  std::unique_ptr<Connection> connection(new Connection(settings, started));
  if (!connection->wake_.is_open()) {
    return ErrnoStatus(errno, "cannot make the wake-up of a database connection");
  }
  RETURN_IF_ERROR(connection->FinishConnecting(deadline));
  RETURN_IF_ERROR(connection->SetTimeouts());
  return connection;
}

Status Connection::FinishConnecting(Deadline deadline) {
  PGconn* connection = connection_.get();
  PQsetNoticeReceiver(connection, &Connection::ReceiveNotice, this);
  PostgresPollingStatusType next =
      PQstatus(connection) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED) {
      return Break(ConnectionLost(fmt::format("cannot connect: {}", Trimmed(PQerrorMessage(connection)))));
    }
    RETURN_IF_ERROR(AwaitSocket(next == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline));
    next = PQconnectPoll(connection);
  }
  CHECK(PQsetnonblocking(connection, 1) == 0);
  CHECK(PQenterPipelineMode(connection) == 1);
  return OkStatus();
}

// As a statement, not as start-up options, which poolers drop.
Status Connection::SetTimeouts() {
  const Params params = Params()
                            .Text(std::to_string(settings_.statement_timeout.count()))
                            .Text(std::to_string(settings_.idle_in_transaction_timeout.count()));
  return Execute(kSetTimeouts, params).status();
}

void Connection::ReceiveNotice(void* self, const pg_result* notice) {
  static_cast<Connection*>(self)->notices_.push_back(MessageFrom(notice));
}

}  // namespace turnpike
