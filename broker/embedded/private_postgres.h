#pragma once
// A PostgreSQL server of our own, in a data folder, reachable only through a unix socket inside that folder: what a
// broker without a configured database runs on.  It outlives the broker: a start after a crash finds the server again
// or starts it again. As root the server runs as the user "postgres", and the operating system's users root and
// postgres may log in as any role; as an ordinary user it runs as that user, and only that user may.  Not shared by
// threads.

#include <chrono>
#include <map>
#include <string>

#include "base/child_process.h"
#include "base/status.h"

namespace turnpike {

struct PrivatePostgresSettings {
  std::string folder;   // made if it is not there; as root, a place that the user "postgres" can enter
  bool durable = true;  // false: no fsync, for tests that are not about durability
  std::map<std::string, std::string> server_settings =
      {};  // beside our own, as in postgresql.conf: {"max_connections", "50"}
  std::map<std::string, std::string> server_environment = {};  // of the server's process, beside our own
  std::chrono::milliseconds start_timeout{60'000};
};

class PrivatePostgres {
 public:
  // Makes the database on the first call, starts the server or adopts the one that runs.
  //   NOT_FOUND            no PostgreSQL server program is installed
  //   INVALID_ARGUMENT     the folder's path is too long for a socket, or the user "postgres" cannot enter it
  //   FAILED_PRECONDITION  the folder holds something else, or a database of another major version
  static Result<PrivatePostgres> Start(const PrivatePostgresSettings& settings);

  // Fast shutdown; open sessions are cut off.  The data stays.
  Status Stop();
  bool running() const { return IsAlive(server_); }
  // Not started by this call: it was running already.
  bool adopted() const { return adopted_; }

  // "host=… port=… dbname=turnpike user=turnpike_api": the roles are turnpike (owner), turnpike_api, turnpike_link,
  // turnpike_placement.
  std::string ConnectionString(const std::string& role) const;
  std::string ConnectionString(const std::string& role, const std::string& database) const;
  // May do anything; for tests and repair.
  std::string SuperuserConnectionString(const std::string& database) const;

  const ProcessIdentity& process() const { return server_; }
  const std::string& socket_folder() const { return socket_folder_; }
  const std::string& log_path() const { return log_path_; }

 private:
  PrivatePostgres() = default;

  ProcessIdentity server_;
  std::string socket_folder_;
  std::string log_path_;
  bool adopted_ = false;
};

// $XDG_DATA_HOME/turnpike, or ~/.local/share/turnpike; as root /var/lib/turnpike.
Result<std::string> DefaultDataFolder();

constexpr char kDatabaseName[] = "turnpike";
constexpr char kOwnerRole[] = "turnpike";
constexpr char kApiRole[] = "turnpike_api";
constexpr char kLinkRole[] = "turnpike_link";
constexpr char kPlacementRole[] = "turnpike_placement";

}  // namespace turnpike
