#include "broker/embedded/private_postgres.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/errno_status.h"
#include "base/file_descriptor.h"
#include "base/file_sync.h"
#include "base/pg/connection.h"
#include "base/pg/database_hosts.h"
#include "broker/embedded/postgres_processes.h"
#include "broker/embedded/postgres_programs.h"

namespace turnpike {
namespace {

namespace fs = std::filesystem;

constexpr char kSuperuser[] = "postgres";
constexpr char kSuperuserDatabase[] = "postgres";
constexpr const char* kRoles[] = {kOwnerRole, kApiRole, kLinkRole, kPlacementRole};
constexpr char kSocketName[] = ".s.PGSQL.5432";
constexpr size_t kSocketPathMax = sizeof(sockaddr_un::sun_path) - 1;  // 107
constexpr size_t kLogTailBytes = 4096;
constexpr uint64_t kLogBytesMax = 16U << 20U;  // then, at a start, the log becomes server.log.old
constexpr std::chrono::milliseconds kStartPoll{20};
constexpr std::chrono::milliseconds kOrphanWait{30'000};
constexpr std::chrono::milliseconds kStopWait{60'000};
constexpr mode_t kFolderMode = 0755;
constexpr mode_t kDataMode = 0700;

constexpr char kMakeRole[] = R"sql(
    SELECT format('CREATE ROLE %I LOGIN', $1::text)
     WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1::text)
)sql";
constexpr char kMakeDatabase[] = R"sql(
    SELECT format('CREATE DATABASE %I OWNER %I', $1::text, $2::text)
     WHERE NOT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1::text)
)sql";

// Everything of one server lies in one folder.  Ours are the folder itself, the access files and the log: as root, the
// server's user can write only below data/ and socket/, so that nothing it does there misleads a root process.
struct Layout {
  std::string folder;
  std::string data() const { return folder + "/data"; }
  std::string unfinished_data() const { return folder + "/data.new"; }
  std::string socket() const { return folder + "/socket"; }
  std::string socket_path() const { return socket() + "/" + kSocketName; }
  std::string access() const { return folder + "/pg_hba.conf"; }
  std::string users() const { return folder + "/pg_ident.conf"; }
  std::string log() const { return folder + "/server.log"; }
  std::string lock() const { return folder + "/lock"; }
};

Result<Layout> MakeLayout(const std::string& folder) {
  std::error_code error;
  Layout layout{.folder = fs::absolute(folder, error).lexically_normal().native()};
  if (folder.empty() || error) {
    return InvalidArgument("the data folder of the private database has no usable name: \"{}\"", folder);
  }
  RETURN_IF_ERROR(MakeFolders(layout.folder, kFolderMode));
  layout.folder = fs::canonical(layout.folder, error).native();
  if (const size_t length = layout.socket_path().size(); length > kSocketPathMax) {
    return InvalidArgument(
        "the path of the database's socket, {}, has {} bytes, and a socket's path may have {}: choose a data folder "
        "with at "
        "most {} bytes",
        layout.socket_path(), length, kSocketPathMax, kSocketPathMax - (length - layout.folder.size()));
  }
  return layout;
}

Status CheckEntry(const Layout& layout, const ServerUser& user) {
  if (RunToEnd(user, {"test", "-x", layout.folder}).ok()) {
    return OkStatus();
  }
  return InvalidArgument(
      "user {}, as whom the database runs, cannot enter {}: choose a data folder outside home directories, for example "
      "/var/lib/turnpike, or let others enter (chmod o+x) every folder on its path",
      user.name, layout.folder);
}

// Two programs must not start one server.
Result<FileDescriptor> LockFolder(const Layout& layout) {
  constexpr mode_t kMode = 0600;
  FileDescriptor lock(::open(layout.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kMode));
  if (!lock.is_open()) {
    return ErrnoStatus(errno, "cannot open {}", layout.lock());
  }
  if (::flock(lock.number(), LOCK_EX | LOCK_NB) != 0) {
    return Unavailable("another program is just starting the database in {}: try again when it is done", layout.folder);
  }
  return lock;
}

Status MakeFolderFor(const ServerUser& user, const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    return ErrnoStatus(errno, "cannot make {}", path);
  }
  if (user.is_other && ::lchown(path.c_str(), user.user_id, user.group_id) != 0) {
    return ErrnoStatus(errno, "cannot give {} to user {}", path, user.name);
  }
  return OkStatus();
}

// The major version of the database in the folder; nullopt where there is none yet.
Result<std::optional<int>> VersionOfData(const Layout& layout) {
  std::error_code error;
  if (!fs::exists(layout.data(), error)) {
    return std::optional<int>();
  }
  const Result<std::string> text = ReadFile(layout.data() + "/PG_VERSION", kLogTailBytes);
  int version = 0;
  if (!text.ok() || std::from_chars(text->data(), text->data() + text->size(), version).ec != std::errc()) {
    return FailedPrecondition("{} is not a PostgreSQL database: move it away, or choose another data folder",
                              layout.data());
  }
  return std::optional(version);
}

Result<PostgresPrograms> ProgramsFor(const Layout& layout, std::optional<int> version) {
  Result<PostgresPrograms> programs = FindPostgresPrograms(version);
  if (programs.ok() || !version) {
    return programs;
  }
  return FailedPrecondition("the database in {} is of PostgreSQL {}, which is not installed: install postgresql-{}",
                            layout.data(), *version, *version);
}

// Made under another name first, so that a crash in between leaves nothing that looks like a database.
Status MakeDatabase(const Layout& layout, const ServerUser& user, const PostgresPrograms& programs, bool durable) {
  std::error_code error;
  fs::remove_all(layout.unfinished_data(), error);
  RETURN_IF_ERROR(MakeFolderFor(user, layout.unfinished_data(), kDataMode));
  std::vector<std::string> argv{programs.folder + "/initdb",
                                "--pgdata",
                                layout.unfinished_data(),
                                "--username",
                                kSuperuser,
                                "--auth=peer",
                                "--encoding=UTF8",
                                "--locale=C.UTF-8",
                                "--data-checksums"};
  if (!durable) {
    argv.emplace_back("--no-sync");
  }
  RETURN_IF_ERROR(RunToEnd(user, std::move(argv)));
  fs::rename(layout.unfinished_data(), layout.data(), error);
  if (error) {
    return Internal("cannot rename {}: {}", layout.unfinished_data(), error.message());
  }
  return SyncFolder(layout.folder);
}

// Who may log in: through the socket only, as any role, and only the operating-system users that may.
Status WriteAccessFiles(const Layout& layout, const ServerUser& user) {
  std::vector<std::string> names{user.name};
  if (user.is_other) {
    names.emplace_back("root");
  }
  std::string users = "# Written by turnpike at every start: operating-system user to database role.\n";
  for (const std::string& name : names) {
    users += fmt::format("turnpike \"{}\" {}\n", name, kSuperuser);
    for (const char* role : kRoles) {
      users += fmt::format("turnpike \"{}\" {}\n", name, role);
    }
  }
  RETURN_IF_ERROR(WriteFileAtomically(layout.users(), users));
  return WriteFileAtomically(layout.access(),
                             "# Written by turnpike at every start.\n"
                             "local all all peer map=turnpike\n"
                             "local replication all peer map=turnpike\n");
}

std::map<std::string, std::string> ServerSettings(const Layout& layout, const PrivatePostgresSettings& settings) {
  std::map<std::string, std::string> all{{"listen_addresses", ""},
                                         {"port", "5432"},
                                         {"unix_socket_directories", layout.socket()},
                                         {"hba_file", layout.access()},
                                         {"ident_file", layout.users()},
                                         {"logging_collector", "off"},
                                         {"log_destination", "stderr"},
                                         {"log_timezone", "UTC"},
                                         {"timezone", "UTC"},
                                         {"cluster_name", "turnpike"}};
  for (const char* name : {"fsync", "synchronous_commit", "full_page_writes"}) {
    all[name] = settings.durable ? "on" : "off";
  }
  for (const auto& [name, value] : settings.server_settings) {
    all[name] = value;
  }
  return all;
}

Status KeepLogShort(const Layout& layout) {
  std::error_code error;
  if (fs::file_size(layout.log(), error) > kLogBytesMax && !error) {
    fs::rename(layout.log(), layout.log() + ".old", error);
    if (error) {
      return Internal("cannot rename {}: {}", layout.log(), error.message());
    }
  }
  return OkStatus();
}

// What a killed server left.  Its pid file would stop a new one whenever the number is some other process's by now.
Status ClearUp(const Layout& layout) {
  RETURN_IF_ERROR(EndOrphans(layout.data(), kOrphanWait));
  for (const std::string& path :
       {layout.data() + "/postmaster.pid", layout.socket_path(), layout.socket_path() + ".lock"}) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
      return ErrnoStatus(errno, "cannot remove {}, left by a killed server", path);
    }
  }
  return OkStatus();
}

Result<ProcessIdentity> StartServer(const Layout& layout, const ServerUser& user, const PostgresPrograms& programs,
                                    const PrivatePostgresSettings& settings) {
  RETURN_IF_ERROR(ClearUp(layout));
  RETURN_IF_ERROR(KeepLogShort(layout));
  std::vector<std::string> argv{programs.folder + "/postgres", "-D", layout.data()};
  for (const auto& [name, value] : ServerSettings(layout, settings)) {
    argv.emplace_back("-c");
    argv.push_back(fmt::format("{}={}", name, value));
  }
  std::map<std::string, std::string> environment = ServerEnvironment();
  for (const auto& [name, value] : settings.server_environment) {
    environment[name] = value;
  }
  return StartDetached({.argv = AsUser(user, std::move(argv)),
                        .environment = std::move(environment),
                        .directory = "/",
                        .output_path = layout.log(),
                        .error_path = layout.log()});
}

std::string LogTail(const Layout& layout) {
  const Result<FileTail> tail = ReadFileTail(layout.log(), kLogTailBytes);
  return tail.ok() ? tail->bytes : "";
}

// Ready when it lets somebody in.  Between two attempts it is watched, since a server that cannot start ends.
Result<std::unique_ptr<Connection>> WaitUntilReady(const Layout& layout, const ProcessIdentity& server,
                                                   const std::string& conninfo, std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (true) {
    Result<std::unique_ptr<Connection>> connection =
        Connection::Open({.conninfo = conninfo, .application_name = "turnpike-start"});
    if (connection.ok()) {
      return connection;
    }
    if (WaitUntilGone(server, kStartPoll)) {
      return Unavailable("the database server in {} does not start; the end of {}:\n{}", layout.folder, layout.log(),
                         LogTail(layout));
    }
    if (std::chrono::steady_clock::now() > until) {
      return DeadlineExceeded("the database server in {} is not ready after {} ms ({}); the end of {}:\n{}",
                              layout.folder, time.count(), MessageOf(connection.status()), layout.log(),
                              LogTail(layout));
    }
  }
}

// Runs the statement that the query made up, if any.
Status RunMadeUp(Connection& connection, const char* query, const Params& params) {
  ASSIGN_OR_RETURN(const Rows rows, connection.Execute(query, params));
  return rows.empty() ? OkStatus() : connection.ExecuteScript(rows.Text(0, 0));
}

Status MakeRolesAndDatabase(Connection& connection) {
  for (const char* role : kRoles) {
    RETURN_IF_ERROR(RunMadeUp(connection, kMakeRole, Params().Text(role)));
  }
  return RunMadeUp(connection, kMakeDatabase, Params().Text(kDatabaseName).Text(kOwnerRole));
}

}  // namespace

Result<PrivatePostgres> PrivatePostgres::Start(const PrivatePostgresSettings& settings) {
  ASSIGN_OR_RETURN(const ServerUser user, FindServerUser());
  ASSIGN_OR_RETURN(const Layout layout, MakeLayout(settings.folder));
  ASSIGN_OR_RETURN(const std::optional<int> version, VersionOfData(layout));
  ASSIGN_OR_RETURN(const PostgresPrograms programs, ProgramsFor(layout, version));
  RETURN_IF_ERROR(CheckEntry(layout, user));
  ASSIGN_OR_RETURN(const FileDescriptor lock, LockFolder(layout));

  PrivatePostgres postgres;
  postgres.socket_folder_ = layout.socket();
  postgres.log_path_ = layout.log();
  if (const std::optional<ProcessIdentity> running = RunningServer(layout.data())) {
    postgres.server_ = *running;
    postgres.adopted_ = true;
  } else {
    if (!version) {
      RETURN_IF_ERROR(MakeDatabase(layout, user, programs, settings.durable));
    }
    RETURN_IF_ERROR(MakeFolderFor(user, layout.socket(), kDataMode));
    RETURN_IF_ERROR(WriteAccessFiles(layout, user));
    ASSIGN_OR_RETURN(postgres.server_, StartServer(layout, user, programs, settings));
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection,
                   WaitUntilReady(layout, postgres.server_, postgres.SuperuserConnectionString(kSuperuserDatabase),
                                  settings.start_timeout));
  RETURN_IF_ERROR(MakeRolesAndDatabase(*connection));
  return postgres;
}

Status PrivatePostgres::Stop() {
  constexpr int kFastShutdown = SIGINT;
  Status sent = SignalProcess(server_, kFastShutdown);
  if (!sent.ok() && sent.code() != StatusCode::kNotFound) {
    return sent;
  }
  if (!WaitUntilGone(server_, kStopWait)) {
    return DeadlineExceeded("the database server, process {}, has not ended {} s after it was told to; see {}",
                            server_.pid, std::chrono::duration_cast<std::chrono::seconds>(kStopWait).count(),
                            log_path_);
  }
  return OkStatus();
}

std::string PrivatePostgres::ConnectionString(const std::string& role) const {
  return ConnectionString(role, kDatabaseName);
}

std::string PrivatePostgres::ConnectionString(const std::string& role, const std::string& database) const {
  return fmt::format("host={} port=5432 dbname={} user={}", QuotedConninfo(socket_folder_), QuotedConninfo(database),
                     QuotedConninfo(role));
}

std::string PrivatePostgres::SuperuserConnectionString(const std::string& database) const {
  return ConnectionString(kSuperuser, database);
}

Result<std::string> DefaultDataFolder() {
  if (::geteuid() == 0) {
    return "/var/lib/turnpike";
  }
  if (const char* folder = std::getenv("XDG_DATA_HOME"); folder != nullptr && folder[0] == '/') {
    return std::string(folder) + "/turnpike";
  }
  const char* home = std::getenv("HOME");
  if (home == nullptr || home[0] != '/') {
    return FailedPrecondition("neither XDG_DATA_HOME nor HOME names a folder: say where the data shall lie");
  }
  return std::string(home) + "/.local/share/turnpike";
}

}  // namespace turnpike
