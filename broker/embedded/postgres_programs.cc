#include "broker/embedded/postgres_programs.h"

#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/child_process.h"

namespace turnpike {
namespace {

namespace fs = std::filesystem;

// Where distributions put them: PREFIX, the major version, "/bin".
struct Place {
  std::string_view folder;
  std::string_view prefix;
};
constexpr Place kPlaces[] = {
    {"/usr/lib/postgresql", ""},  // Debian, Ubuntu
    {"/usr", "pgsql-"},           // the PostgreSQL project's own packages for Red Hat and SUSE
};
constexpr char kRootsServerUser[] = "postgres";
constexpr std::chrono::milliseconds kProgramTimeout{120'000};

// 0 for a name that is none.
int VersionIn(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) {
    return 0;
  }
  name.remove_prefix(prefix.size());
  int version = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
  return error == std::errc() && end == name.data() + name.size() ? version : 0;
}

Result<ServerUser> LookUp(const std::string& name, const passwd* entry, bool is_other) {
  if (entry == nullptr) {
    return NotFound("user {} does not exist: PostgreSQL does not run as root, and its package makes this user", name);
  }
  return ServerUser{.name = entry->pw_name, .user_id = entry->pw_uid, .group_id = entry->pw_gid, .is_other = is_other};
}

}  // namespace

Result<PostgresPrograms> FindPostgresPrograms(std::optional<int> version) {
  PostgresPrograms best;
  for (const Place& place : kPlaces) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(place.folder, error)) {
      const int found = VersionIn(entry.path().filename().native(), place.prefix);
      const bool wanted = version ? found == *version : found > best.version;
      if (wanted && ::access((entry.path() / "bin/postgres").c_str(), X_OK) == 0) {
        best = {.folder = entry.path() / "bin", .version = found};
      }
    }
  }
  if (best.version != 0) {
    return best;
  }
  return NotFound(
      "no PostgreSQL{} server is installed in /usr/lib/postgresql or /usr/pgsql-*: install the package postgresql",
      version ? fmt::format(" {}", *version) : "");
}

Result<ServerUser> FindServerUser() {
  if (::geteuid() == 0) {
    return LookUp(kRootsServerUser, ::getpwnam(kRootsServerUser), true);
  }
  return LookUp(fmt::format("{}", ::geteuid()), ::getpwuid(::geteuid()), false);
}

std::vector<std::string> AsUser(const ServerUser& user, std::vector<std::string> argv) {
  if (!user.is_other) {
    return argv;
  }
  std::vector<std::string> all{
      "setpriv",       "--reuid", std::to_string(user.user_id), "--regid", std::to_string(user.group_id),
      "--init-groups", "--"};
  all.insert(all.end(), std::make_move_iterator(argv.begin()), std::make_move_iterator(argv.end()));
  return all;
}

std::map<std::string, std::string> ServerEnvironment() {
  return {{"PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}, {"LC_ALL", "C.UTF-8"}, {"TZ", "UTC"}};
}

Status RunToEnd(const ServerUser& user, std::vector<std::string> argv) {
  const std::string program = argv.front();
  ASSIGN_OR_RETURN(const ChildResult result, RunChild({.argv = AsUser(user, std::move(argv)),
                                                       .environment = ServerEnvironment(),
                                                       .directory = "/",
                                                       .standard_input = "",
                                                       .timeout = kProgramTimeout}));
  if (!result.succeeded()) {
    return Internal("{} failed as user {} (exit code {}, signal {}{}): {}{}", program, user.name, result.exit_code,
                    result.signal, result.timed_out ? ", timed out" : "", result.output, result.error_output);
  }
  return OkStatus();
}

}  // namespace turnpike
