#include "base/pg/connection.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/errno_status.h"
#include "base/pg/server_message.h"

namespace turnpike {
namespace {

constexpr int kBinary = 1;
constexpr size_t kPreparedMax = 1'000;  // statements beyond are parsed anew each time
constexpr int kLastResultsMax = 8;      // read of a session that has ended, in search of the server's reason

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using OwnedResult = std::unique_ptr<PGresult, ClearResult>;

std::string KeyOf(const char* sql, const std::vector<uint32_t>& types) {
  std::string key(reinterpret_cast<const char*>(types.data()), types.size() * sizeof(uint32_t));
  key.push_back('\0');
  key.append(sql);
  return key;
}

const Params& ParamsOf(const Statement& statement) {
  static const Params kNone;
  return statement.params == nullptr ? kNone : *statement.params;
}

}  // namespace

void Connection::Finish::operator()(pg_conn* connection) const {
  PQfinish(connection);
}

Connection::Connection(const ConnectionSettings& settings, pg_conn* connection)
    : settings_(settings), connection_(connection), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Connection::~Connection() = default;

Connection::Deadline Connection::AnswerDeadline() const {
  return std::chrono::steady_clock::now() + settings_.statement_timeout + settings_.answer_margin;
}

Result<Rows> Connection::Execute(const char* sql, const Params& params) {
  return Execute(sql, params, AnswerDeadline());
}

Result<Rows> Connection::Execute(const char* sql, const Params& params, Deadline deadline) {
  const Statement statement{.sql = sql, .params = &params};
  ASSIGN_OR_RETURN(std::vector<Rows> rows, ExecuteAll(std::span(&statement, 1), deadline));
  return std::move(rows.front());
}

Result<std::vector<Rows>> Connection::ExecuteAll(std::span<const Statement> statements, Deadline deadline) {
  if (broken_) {
    return ConnectionLost("the connection is broken already");
  }
  notices_.clear();
  std::vector<Sent> sent;
  for (const Statement& statement : statements) {
    RETURN_IF_ERROR(Send(statement, sent));
  }
  if (PQpipelineSync(connection_.get()) != 1) {
    return Break(Lost());
  }
  return ReceiveAll(sent, deadline);
}

Status Connection::Send(const Statement& statement, std::vector<Sent>& sent) {
  const Params& params = ParamsOf(statement);
  const std::vector<uint32_t> types = params.Types();
  const std::vector<const char*> values = params.Values();
  const std::vector<int> lengths = params.Lengths();
  const std::vector<int> formats(values.size(), kBinary);
  const int count = params.size();
  PGconn* connection = connection_.get();

  std::string key = KeyOf(statement.sql, types);
  const auto found = prepared_.find(key);
  const auto on_its_way = std::ranges::find_if(sent, [&](const Sent& one) { return one.is_prepare && one.key == key; });
  std::string name = found != prepared_.end() ? found->second : on_its_way != sent.end() ? on_its_way->name : "";
  if (name.empty() && statement.keep_prepared && prepared_.size() < kPreparedMax) {
    name = fmt::format("turnpike_{}", ++names_given_);
    if (PQsendPrepare(connection, name.c_str(), statement.sql, count, types.data()) != 1) {
      return Break(Lost());
    }
    sent.push_back({.is_prepare = true, .key = std::move(key), .name = name});
  }
  const int accepted = name.empty() ? PQsendQueryParams(connection, statement.sql, count, types.data(), values.data(),
                                                        lengths.data(), formats.data(), kBinary)
                                    : PQsendQueryPrepared(connection, name.c_str(), count, values.data(),
                                                          lengths.data(), formats.data(), kBinary);
  if (accepted != 1) {
    return Break(Lost());
  }
  sent.push_back({});
  return OkStatus();
}

Result<std::vector<Rows>> Connection::ReceiveAll(const std::vector<Sent>& sent, Deadline deadline) {
  std::vector<Rows> all;
  Status first_error;
  for (const Sent& one : sent) {
    Result<Rows> rows = ReceiveOne(deadline);
    first_error.Update(rows.status());
    if (broken_) {
      return first_error;
    }
    if (!rows.ok()) {
      continue;  // the server skips the rest, and says so for each
    }
    if (one.is_prepare) {
      prepared_.emplace(one.key, one.name);
    } else {
      all.push_back(*std::move(rows));
    }
  }
  first_error.Update(ReceiveSync(deadline));
  CollectNotifications();
  if (!first_error.ok()) {
    return first_error;
  }
  return all;
}

Result<Rows> Connection::ReceiveOne(Deadline deadline) {
  RETURN_IF_ERROR(AwaitResult(deadline));
  OwnedResult result(PQgetResult(connection_.get()));
  CHECK(result != nullptr);
  const Status status = StatusOfResult(result.get());
  if (broken_) {
    return status;
  }
  RETURN_IF_ERROR(AwaitResult(deadline));
  CHECK(PQgetResult(connection_.get()) == nullptr);
  if (!status.ok()) {
    return status;
  }
  return Rows(result.release());
}

Status Connection::ReceiveSync(Deadline deadline) {
  RETURN_IF_ERROR(AwaitResult(deadline));
  const OwnedResult result(PQgetResult(connection_.get()));
  if (result == nullptr || PQresultStatus(result.get()) != PGRES_PIPELINE_SYNC) {
    return Break(Lost());
  }
  return OkStatus();
}

Status Connection::ExecuteScript(std::string_view sql) {
  return ExecuteScript(sql, AnswerDeadline());
}

Status Connection::ExecuteScript(std::string_view sql, Deadline deadline) {
  if (broken_) {
    return ConnectionLost("the connection is broken already");
  }
  notices_.clear();
  PGconn* connection = connection_.get();
  CHECK(PQexitPipelineMode(connection) == 1);
  if (PQsendQuery(connection, std::string(sql).c_str()) != 1) {
    return Break(Lost());
  }
  Status first_error;
  while (true) {
    RETURN_IF_ERROR(AwaitResult(deadline));
    const OwnedResult result(PQgetResult(connection));
    if (result == nullptr) {
      break;
    }
    first_error.Update(StatusOfResult(result.get()));
    if (broken_) {
      return first_error;
    }
  }
  CollectNotifications();
  CHECK(PQenterPipelineMode(connection) == 1);
  return first_error;
}

bool Connection::in_transaction() const {
  const PGTransactionStatusType status = PQtransactionStatus(connection_.get());
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}
bool Connection::transaction_failed() const {
  return PQtransactionStatus(connection_.get()) == PQTRANS_INERROR;
}
int Connection::backend_pid() const {
  return PQbackendPID(connection_.get());
}

bool Connection::AnswerIsDue() {
  PGconn* connection = connection_.get();
  return PQflush(connection) >= 0 && PQconsumeInput(connection) == 1 && PQisBusy(connection) == 1;
}

Status Connection::AwaitResult(Deadline deadline) {
  PGconn* connection = connection_.get();
  while (true) {
    const int unsent = PQflush(connection);
    if (PQisBusy(connection) == 0) {
      return OkStatus();
    }
    if (unsent < 0) {
      return Break(Lost());
    }
    RETURN_IF_ERROR(AwaitSocket(unsent == 1 ? POLLIN | POLLOUT : POLLIN, deadline));
    if (PQconsumeInput(connection) != 1) {
      return Break(Lost());
    }
  }
}

Status Connection::AwaitSocket(short events, Deadline deadline) {
  pollfd waiting{.fd = PQsocket(connection_.get()), .events = events, .revents = 0};
  while (true) {
    const int left = MillisecondsUntil(deadline);
    const int ready = ::poll(&waiting, 1, left);
    if (ready > 0) {
      return OkStatus();
    }
    if (ready < 0 && errno != EINTR) {
      return Break(ErrnoStatus(errno, "cannot wait for the database"));
    }
    if (left == 0) {
      return Break(ConnectionLost("no answer came before the deadline"));
    }
  }
}

Status Connection::StatusOfResult(const pg_result* result) {
  switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY:
      return OkStatus();
    case PGRES_PIPELINE_ABORTED:
      return Aborted("an earlier statement of the same round trip failed");
    case PGRES_FATAL_ERROR:
      break;
    default:
      return Break(Internal("statements that copy data are not supported here"));
  }
  const ServerMessage message = MessageFrom(result);
  if (message.sqlstate.empty()) {
    return Break(ConnectionLost(Trimmed(PQresultErrorMessage(result))));
  }
  return EndsSession(message) ? Break(StatusOf(message)) : StatusOf(message);
}

Status Connection::Lost() {
  for (int index = 0; index < kLastResultsMax; ++index) {
    const OwnedResult result(PQgetResult(connection_.get()));
    const ServerMessage message = MessageFrom(result.get());
    if (EndsSession(message)) {
      return StatusOf(message);
    }
  }
  const auto fatal = std::ranges::find_if(notices_, EndsSession);
  return fatal != notices_.end() ? StatusOf(*fatal) : ConnectionLost(Trimmed(PQerrorMessage(connection_.get())));
}

Status Connection::Break(Status status) {
  broken_ = true;
  return status;
}

}  // namespace turnpike
