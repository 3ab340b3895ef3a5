#pragma once
// One session with PostgreSQL over libpq.  Everything is sent without blocking and awaited with a deadline of our own,
// since a commit that waits for a dead standby is stopped by no timeout of the server's.  One thread at a time, but for
// Wake().

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/file_descriptor.h"
#include "base/pg/database_servers.h"
#include "base/pg/params.h"
#include "base/pg/rows.h"
#include "base/pg/sql_status.h"
#include "base/status.h"

struct pg_conn;
struct pg_result;

namespace turnpike {

struct ConnectionSettings {
  std::string conninfo = {};  // "host=/run/turnpike dbname=turnpike user=turnpike_api"; several hosts: tried in turn
  std::string application_name = "turnpike";
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds statement_timeout{30'000};            // the server's own, for each statement
  std::chrono::milliseconds idle_in_transaction_timeout{30'000};  // a stuck process must not hold locks
  std::chrono::milliseconds answer_margin{5'000};  // an answer later than statement_timeout by this much never comes
  DatabaseServers* servers = nullptr;              // judges whether a server may be used; nullptr: any may
};

// One of several statements that travel together.  The SQL and the parameters outlive the call.
struct Statement {
  const char* sql = nullptr;
  const Params* params = nullptr;  // nullptr: none
  bool keep_prepared = true;       // false: for SQL that is made up anew each time
};

class Connection {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // With the first of the hosts that lets us in and may be used.  UNAVAILABLE: none does now.  Anything else is for a
  // person: a wrong password, a database that is not there.
  static Result<std::unique_ptr<Connection>> Open(const ConnectionSettings& settings);
  // A short session with each of the hosts, so that `settings.servers` hears of one that was promoted, whoever else
  // still answers.
  static void MeetAll(const ConnectionSettings& settings);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs one statement; prepared on its first use, in the same round trip.  After a missed deadline the connection is
  // broken.
  Result<Rows> Execute(const char* sql, const Params& params, Deadline deadline);
  Result<Rows> Execute(const char* sql, const Params& params = {});
  // In one round trip and, outside a transaction, as one transaction; the first failure ends the rest, and its status
  // is returned.
  Result<std::vector<Rows>> ExecuteAll(std::span<const Statement> statements, Deadline deadline);
  // Several statements in one text, without parameters and results: one implicit transaction unless it says otherwise.
  Status ExecuteScript(std::string_view sql, Deadline deadline);
  Status ExecuteScript(std::string_view sql);

  Status Listen(std::string_view channel);
  // True: a notification has come since the last call.  False: the time passed, or Wake() was called.
  Result<bool> WaitForNotification(std::chrono::milliseconds time);
  // Ends the present or the next WaitForNotification.  Any thread.
  void Wake();

  // The session is gone or in a state that nobody knows: discard it.
  bool broken() const { return broken_; }
  bool in_transaction() const;
  bool transaction_failed() const;
  int backend_pid() const;
  const ServerStanding& standing() const { return standing_; }
  // How to reach this very server.
  const std::string& conninfo() const { return settings_.conninfo; }
  // After a missed deadline: the session lives, and what was asked is not answered yet.
  bool AnswerIsDue();
  // Notices that came with the last call.
  const std::vector<ServerMessage>& notices() const { return notices_; }
  // From now, the time in which every statement is answered unless the server is lost.
  Deadline AnswerDeadline() const;

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  // One message on its way: what comes back for it, and what that means.
  struct Sent {
    bool is_prepare = false;
    std::string key;   // of prepared_, with is_prepare
    std::string name;  // likewise
  };

  Connection(const ConnectionSettings& settings, pg_conn* connection);

  static Result<std::unique_ptr<Connection>> OpenHost(const ConnectionSettings& settings, Deadline deadline);
  Status FinishConnecting(Deadline deadline);
  // Why no session was made.
  Status ConnectFailure();
  // Timeouts are set, and what the server is comes back.
  Status Introduce(Deadline deadline);
  Status Send(const Statement& statement, std::vector<Sent>& sent);
  Result<std::vector<Rows>> ReceiveAll(const std::vector<Sent>& sent, Deadline deadline);
  // The results of one message: one and a mark of its end.
  Result<Rows> ReceiveOne(Deadline deadline);
  Status ReceiveSync(Deadline deadline);
  // Sends what is buffered and reads until libpq has a whole result.
  Status AwaitResult(Deadline deadline);
  Status AwaitSocket(short events, Deadline deadline);
  Status StatusOfResult(const pg_result* result);
  void CollectNotifications();
  // The session has ended: why, as far as anything is known.
  Status Lost();
  Status Break(Status status);
  static void ReceiveNotice(void* self, const pg_result* notice);

  ConnectionSettings settings_;
  std::unique_ptr<pg_conn, Finish> connection_;
  FileDescriptor wake_;
  std::unordered_map<std::string, std::string> prepared_;  // the name of a statement, by its types and SQL
  uint64_t names_given_ = 0;
  std::vector<ServerMessage> notices_;
  ServerStanding standing_;
  bool notified_ = false;
  bool broken_ = false;
};

}  // namespace turnpike
