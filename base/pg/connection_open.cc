// The part of Connection that makes the session.

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/errno_status.h"
#include "base/pg/connection.h"
#include "base/pg/database_hosts.h"
#include "base/pg/server_message.h"

namespace turnpike {
namespace {

using SteadyClock = std::chrono::steady_clock;

// The timeline is the first part of the name of the WAL file that is written; a standby writes none.
constexpr char kIntroduce[] = R"sql(
    SELECT set_config('statement_timeout', $1, false),
           set_config('idle_in_transaction_session_timeout', $2, false),
           set_config('lock_timeout', $3, false),
           pg_is_in_recovery(),
           CASE WHEN pg_is_in_recovery() THEN ''
                ELSE pg_walfile_name(pg_current_wal_lsn())
            END,
           (SELECT system_identifier::text FROM pg_control_system())
)sql";
// Locks are held for the time of a commit; who holds one for longer hangs, for example because its standby is away.
constexpr std::chrono::milliseconds kLockTimeout{3'000};
constexpr size_t kTimelineDigits = 8;
constexpr int kHexadecimal = 16;
constexpr size_t kSqlStateLength = 5;
constexpr char kPasswordMissing[] = "28P01";  // what the server calls a wrong one

// A server that is gone without a word is noticed by TCP itself; what the connection string says counts more.
constexpr std::array<const char*, 10> kKeywords{
    "keepalives_idle", "keepalives_interval",       "keepalives_count", "tcp_user_timeout",
    "dbname",          "fallback_application_name", "client_encoding",  nullptr};

// libpq gives no SQLSTATE of a session that was refused, but with verbose errors it writes it out:
// "connection to server … failed: FATAL:  28P01: password authentication failed\nLOCATION:  …".
std::string SqlStateIn(std::string_view text) {
  constexpr std::string_view kBefore = ":  ";
  for (size_t at = text.find(kBefore); at != std::string_view::npos; at = text.find(kBefore, at + 1)) {
    const std::string_view found = text.substr(at + kBefore.size(), kSqlStateLength);
    const bool formed = found.size() == kSqlStateLength && std::ranges::all_of(found, [](char letter) {
                          return std::isdigit(static_cast<unsigned char>(letter)) != 0 ||
                                 std::isupper(static_cast<unsigned char>(letter)) != 0;
                        });
    if (formed && text.substr(at + kBefore.size() + kSqlStateLength).starts_with(": ")) {
      return std::string(found);
    }
  }
  return "";
}

// Without the lines for the server's developers, and without the SQLSTATE, which the Status shows itself.
std::string ForPeople(std::string_view text, const std::string& sqlstate) {
  std::string kept(Trimmed(text.substr(0, text.find("\nLOCATION:"))));
  if (const size_t at = kept.find(sqlstate + ": "); !sqlstate.empty() && at != std::string::npos) {
    kept.erase(at, sqlstate.size() + 2);
  }
  return kept;
}

// Of several servers: what a person must look at counts more than what passes by itself.
Status Joined(const std::vector<Status>& failures) {
  const auto lasting =
      std::ranges::find_if(failures, [](const Status& one) { return one.code() != StatusCode::kUnavailable; });
  if (failures.size() == 1 || lasting != failures.end()) {
    return lasting != failures.end() ? *lasting : failures.front();
  }
  std::string all = fmt::format("none of {} servers can be used", failures.size());
  for (const Status& failure : failures) {
    all += fmt::format("; {}", MessageOf(failure));
  }
  return DatabaseAway(all);
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::Open(const ConnectionSettings& settings) {
  ASSIGN_OR_RETURN(const std::vector<std::string> hosts, DatabaseHosts(settings.conninfo));
  const size_t first = settings.servers == nullptr ? 0 : settings.servers->host_first() % hosts.size();
  const Deadline deadline = SteadyClock::now() + settings.connect_timeout;
  std::vector<Status> failures;
  for (size_t tried = 0; tried < hosts.size(); ++tried) {
    const size_t host = (first + tried) % hosts.size();
    const auto left = deadline - SteadyClock::now();
    ConnectionSettings one = settings;
    one.conninfo = hosts[host];
    Result<std::unique_ptr<Connection>> connection =
        OpenHost(one, SteadyClock::now() + left / static_cast<int>(hosts.size() - tried));
    if (connection.ok() && settings.servers != nullptr) {
      settings.servers->NoteHost(host);
    }
    if (connection.ok()) {
      return connection;
    }
    failures.push_back(connection.status());
  }
  return Joined(failures);
}

void Connection::MeetAll(const ConnectionSettings& settings) {
  const Result<std::vector<std::string>> hosts = DatabaseHosts(settings.conninfo);
  for (const std::string& host : hosts.value_or(std::vector<std::string>())) {
    ConnectionSettings one = settings;
    one.conninfo = host;
    OpenHost(one, SteadyClock::now() + settings.connect_timeout / static_cast<int>(hosts->size()))
        .status()
        .IgnoreError();
  }
}

Result<std::unique_ptr<Connection>> Connection::OpenHost(const ConnectionSettings& settings, Deadline deadline) {
  const std::array<const char*, kKeywords.size()> values{
      "10", "5", "3", "25000", settings.conninfo.c_str(), settings.application_name.c_str(), "UTF8", nullptr};
  constexpr int kExpandDatabaseName = 1;
  pg_conn* started = PQconnectStartParams(kKeywords.data(), values.data(), kExpandDatabaseName);
  CHECK(started != nullptr);
  std::unique_ptr<Connection> connection(new Connection(settings, started));
  if (!connection->wake_.is_open()) {
    return ErrnoStatus(errno, "cannot make the wake-up of a database connection");
  }
  RETURN_IF_ERROR(connection->FinishConnecting(deadline));
  RETURN_IF_ERROR(connection->Introduce(deadline));
  if (settings.servers != nullptr) {
    RETURN_IF_ERROR(settings.servers->Admit(connection->standing_));
  }
  return connection;
}

Status Connection::FinishConnecting(Deadline deadline) {
  PGconn* connection = connection_.get();
  PQsetNoticeReceiver(connection, &Connection::ReceiveNotice, this);
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  PostgresPollingStatusType next =
      PQstatus(connection) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED) {
      return Break(ConnectFailure());
    }
    RETURN_IF_ERROR(AwaitSocket(next == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline));
    next = PQconnectPoll(connection);
  }
  PQsetErrorVerbosity(connection, PQERRORS_DEFAULT);
  CHECK(PQsetnonblocking(connection, 1) == 0);
  CHECK(PQenterPipelineMode(connection) == 1);
  return OkStatus();
}

Status Connection::ConnectFailure() {
  const std::string_view text = PQerrorMessage(connection_.get());
  std::string sqlstate = SqlStateIn(text);
  const std::string message = fmt::format("cannot connect: {}", ForPeople(text, sqlstate));
  if (sqlstate.empty() && PQconnectionNeedsPassword(connection_.get()) == 1) {
    sqlstate = kPasswordMissing;
  }
  return sqlstate.empty() ? ConnectionLost(message)
                          : StatusOf({.severity = "FATAL", .sqlstate = sqlstate, .text = message});
}

// As a statement, not as start-up options, which poolers drop.
Status Connection::Introduce(Deadline deadline) {
  const Params params = Params()
                            .Text(std::to_string(settings_.statement_timeout.count()))
                            .Text(std::to_string(settings_.idle_in_transaction_timeout.count()))
                            .Text(std::to_string(kLockTimeout.count()));
  ASSIGN_OR_RETURN(const Rows rows, Execute(kIntroduce, params, deadline));
  constexpr int kRecoveryColumn = 3;
  constexpr int kWalFileColumn = 4;
  constexpr int kSystemColumn = 5;
  const std::string wal_file(rows.Text(0, kWalFileColumn).substr(0, kTimelineDigits));
  standing_ = {.in_recovery = rows.Bool(0, kRecoveryColumn),
               .timeline = wal_file.empty() ? 0 : std::stoll(wal_file, nullptr, kHexadecimal),
               .system_id = std::string(rows.Text(0, kSystemColumn))};
  return OkStatus();
}

void Connection::ReceiveNotice(void* self, const pg_result* notice) {
  static_cast<Connection*>(self)->notices_.push_back(MessageFrom(notice));
}

}  // namespace turnpike
