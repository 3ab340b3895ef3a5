#include "adapters/host/guard.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "adapters/core/local_tag.h"
#include "base/errno_status.h"
#include "base/log.h"

namespace turnpike {
namespace {

constexpr size_t kGuardBytesMax = 1024;
constexpr std::string_view kByAgent = "agent ";
constexpr std::string_view kByWrapper = "wrapper ";

Status CheckNoOtherGuard(const AttemptDirectory& directory, const std::string& guard_name) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, directory.Names());
  for (const std::string& name : names) {
    if (name.starts_with(kGuardPrefix) && name != guard_name) {
      return FailedPrecondition("{} is a guard under another site.key; restore the key from a copy",
                                directory.PathOf(name));
    }
  }
  return OkStatus();
}

}  // namespace

std::string GuardName(const AttemptId& attempt_id, std::string_view site_key) {
  return kGuardPrefix + GuardSecret(attempt_id, site_key);
}

GuardState ReadGuard(const AttemptDirectory& directory, const std::string& guard_name) {
  const Result<std::string> holder = directory.ReadFile(guard_name, kGuardBytesMax);
  if (holder.ok() && holder->starts_with(kByWrapper)) {
    return GuardState::kTakenByWrapper;
  }
  const bool is_free = holder.status().code() == StatusCode::kNotFound;
  Status doubt = holder.status();
  if (is_free || (holder.ok() && holder->starts_with(kByAgent))) {
    doubt = CheckNoOtherGuard(directory, guard_name);
    if (doubt.ok()) {
      return is_free ? GuardState::kFree : GuardState::kTakenByAgent;
    }
  }
  LogWarn(
      "a start guard cannot be read",
      {{"folder", directory.path()}, {"why", doubt.ok() ? "nobody of ours wrote it" : std::string(MessageOf(doubt))}});
  return GuardState::kUnknown;
}

Result<GuardState> TakeGuard(const AttemptDirectory& directory, const std::string& guard_name,
                             const std::string& private_suffix) {
  RETURN_IF_ERROR(CheckNoOtherGuard(directory, guard_name));
  const std::string private_name = "maker.agent." + private_suffix;
  RETURN_IF_ERROR(directory.WriteFile(private_name, std::string(kByAgent) + private_suffix + "\n"));
  // What link says is not believed; the guard itself is read.
  static_cast<void>(::linkat(directory.folder(), private_name.c_str(), directory.folder(), guard_name.c_str(), 0));
  RETURN_IF_ERROR(directory.Sync());
  const GuardState state = ReadGuard(directory, guard_name);
  static_cast<void>(::unlinkat(directory.folder(), private_name.c_str(), 0));
  if (state == GuardState::kTakenByAgent || state == GuardState::kTakenByWrapper) {
    return state;
  }
  return Unavailable("the start guard in {} can neither be taken nor read", directory.path());
}

}  // namespace turnpike
