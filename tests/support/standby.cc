#include "tests/support/standby.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/errno_status.h"
#include "base/file_sync.h"
#include "broker/embedded/postgres_processes.h"
#include "broker/embedded/postgres_programs.h"

namespace turnpike {
namespace {

constexpr std::chrono::milliseconds kEndWait{30'000};

// The copy is made by the server's user, who may not make folders in ours.
Status MakeDataFolder(const ServerUser& user, const std::string& path) {
  constexpr mode_t kMode = 0700;
  if (::mkdir(path.c_str(), kMode) != 0) {
    return ErrnoStatus(errno, "cannot make {}", path);
  }
  if (user.is_other && ::lchown(path.c_str(), user.user_id, user.group_id) != 0) {
    return ErrnoStatus(errno, "cannot give {} to user {}", path, user.name);
  }
  return OkStatus();
}

}  // namespace

Result<PrivatePostgres> StartStandby(const std::string& primary_socket_folder,
                                     const PrivatePostgresSettings& settings) {
  constexpr mode_t kMode = 0755;
  ASSIGN_OR_RETURN(const ServerUser user, FindServerUser());
  ASSIGN_OR_RETURN(const PostgresPrograms programs, FindPostgresPrograms(std::nullopt));
  RETURN_IF_ERROR(MakeFolders(settings.folder, kMode));
  const std::string data = settings.folder + "/data";
  RETURN_IF_ERROR(EndOrphans(data, kEndWait));
  std::error_code error;
  if (std::filesystem::remove_all(data, error); error) {
    return Internal("cannot remove {}: {}", data, error.message());
  }
  RETURN_IF_ERROR(MakeDataFolder(user, data));
  RETURN_IF_ERROR(
      RunToEnd(user, {programs.folder + "/pg_basebackup", "--pgdata", data, "--checkpoint=fast", "--no-sync",
                      "--wal-method=stream", "--write-recovery-conf", "--dbname",
                      fmt::format("host='{}' user=postgres application_name=standby", primary_socket_folder)}));
  return PrivatePostgres::Start(settings);
}

}  // namespace turnpike
