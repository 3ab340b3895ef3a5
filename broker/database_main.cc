#include "broker/database_main.h"

#include <fmt/format.h>

#include "base/error_reason.h"
#include "base/log.h"
#include "base/pg/migrate.h"
#include "base/pg/sql_status.h"
#include "base/stop_signal.h"

namespace turnpike {

extern const std::span<const EmbeddedFile> kMigrations;

namespace {

constexpr std::chrono::seconds kPause{1};
constexpr std::chrono::seconds kSayAgain{30};

ConnectionSettings SettingsFor(DatabaseServers& servers, const std::string& conninfo) {
  ConnectionSettings settings;
  settings.conninfo = conninfo;
  settings.application_name = "turnpike-broker start";
  settings.servers = &servers;
  return settings;
}

// A wrong password or role shows at the start and not in the first call.
Result<std::unique_ptr<Connection>> LogIn(DatabaseServers& servers, const std::string& conninfo) {
  return Connection::Open(SettingsFor(servers, conninfo));
}

Status Prepare(BrokerParts& parts) {
  const DatabaseAccess& access = parts.settings.database;
  // A primary that was left behind may answer first.
  Connection::MeetAll(SettingsFor(parts.database_servers, access.api));
  for (const std::string& role : {access.api, access.link, access.placement}) {
    RETURN_IF_ERROR(LogIn(parts.database_servers, role).status());
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> owner, LogIn(parts.database_servers, access.owner));
  ASSIGN_OR_RETURN(const MigrationState schema, ApplyMigrations(owner->conninfo(), kMigrations));
  LogInfo("schema is up to date", {{"migrations", std::to_string(schema.applied)}});
  return parts.placement.Start();
}

bool PassesByItself(const Status& status) {
  return status.code() == StatusCode::kUnavailable && DetailsOf(status).reason == ErrorReason::kDatabaseUnavailable;
}

}  // namespace

Status AwaitDatabase(BrokerParts& parts) {
  MonotonicTime said{};
  std::string last;
  while (true) {
    const Status status = Prepare(parts);
    if (status.ok() || !PassesByItself(status)) {
      return status;
    }
    const MonotonicTime now = parts.machine_clock.Monotonic();
    if (MessageOf(status) != last || now - said > kSayAgain) {
      last = MessageOf(status);
      said = now;
      LogWarn("waiting for the database", {{"error", last}});
    }
    if (const std::optional<int> signal = WaitForTerminationSignal(kPause)) {
      return MakeStatus(StatusCode::kCancelled, fmt::format("ended by signal {} while it waited for the database; it "
                                                            "last said: {}",
                                                            *signal, last));
    }
  }
}

}  // namespace turnpike
