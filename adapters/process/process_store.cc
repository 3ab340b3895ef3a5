#include "adapters/process/process_store.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <sstream>

#include "base/errno_status.h"
#include "base/file_sync.h"
#include "base/log.h"

namespace turnpike {
namespace {

constexpr unsigned kFolderMode = 0700;
constexpr unsigned kFileMode = 0600;
constexpr const char* kAside = "new-";

std::optional<int64_t> ParseId(std::string_view text) {
  int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(id) : std::nullopt;
}

}  // namespace

Result<ProcessStore> ProcessStore::Open(const std::string& folder, std::map<int64_t, ProcessJob>& jobs) {
  RETURN_IF_ERROR(MakeFolders(folder + "/jobs", kFolderMode));
  ProcessStore store(folder);
  store.lock_ = FileDescriptor(::open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode));
  if (!store.lock_.is_open()) {
    return ErrnoStatus(errno, "cannot open {}/lock", folder);
  }
  if (::flock(store.lock_.number(), LOCK_EX | LOCK_NB) != 0) {
    return FailedPrecondition("another agent runs jobs from {}; stop it first", folder);
  }
  const Result<std::string> last_id = ReadFile(folder + "/last_id");
  store.last_id_ = last_id.ok() ? ParseId(*last_id).value_or(0) : 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/jobs", error)) {
    const std::string name = entry.path().filename();
    const std::optional<int64_t> id = ParseId(name);
    if (!id) {
      std::filesystem::remove_all(entry.path(), error);  // A submission that a crash cut off.
      continue;
    }
    ASSIGN_OR_RETURN(const std::string bytes, ReadFile(store.FolderOf(*id) + "/record"));
    Result<ProcessJob> job = DecodeProcessJob(bytes);
    if (!job.ok()) {
      return DataLoss("{}/record: {}", store.FolderOf(*id), MessageOf(job.status()));
    }
    store.last_id_ = std::max(store.last_id_, *id);
    jobs.emplace(*id, *std::move(job));
  }
  if (error) {
    return ErrnoStatus(error.value(), "cannot list {}/jobs", folder);
  }
  return store;
}

Result<int64_t> ProcessStore::NextId() {
  RETURN_IF_ERROR(WriteFileAtomically(folder_ + "/last_id", std::to_string(last_id_ + 1), kFileMode));
  return ++last_id_;
}

Status ProcessStore::Add(const ProcessJob& job, std::string_view wrapper) {
  const std::string aside = folder_ + "/jobs/" + kAside + std::to_string(job.id);
  RETURN_IF_ERROR(MakeFolders(aside, kFolderMode));
  RETURN_IF_ERROR(WriteFileAtomically(aside + "/wrapper", wrapper, kFileMode));
  RETURN_IF_ERROR(WriteFileAtomically(aside + "/record", EncodeProcessJob(job), kFileMode));
  std::error_code error;
  std::filesystem::rename(aside, FolderOf(job.id), error);
  if (error) {
    return ErrnoStatus(error.value(), "cannot name {}", FolderOf(job.id));
  }
  return SyncFolder(folder_ + "/jobs");
}

Status ProcessStore::Save(const ProcessJob& job) const {
  return WriteFileAtomically(FolderOf(job.id) + "/record", EncodeProcessJob(job), kFileMode);
}

Status ProcessStore::Remove(int64_t id) const {
  std::error_code error;
  std::filesystem::remove_all(FolderOf(id), error);
  return error ? ErrnoStatus(error.value(), "cannot remove {}", FolderOf(id)) : OkStatus();
}

std::optional<RunnerStatus> ProcessStore::ReadStatus(int64_t id) const {
  const Result<std::string> text = ReadFile(FolderOf(id) + "/status");
  if (!text.ok()) {
    return std::nullopt;
  }
  std::istringstream words(*text);
  RunnerStatus status;
  int64_t seconds = 0;
  if (!(words >> status.shell_status >> seconds)) {
    return std::nullopt;
  }
  status.end_time = TimestampFromSeconds(seconds);
  return status;
}

std::optional<ProcessIdentity> ProcessStore::FindRunner(int64_t id) const {
  const Result<std::string> text = ReadFile(FolderOf(id) + "/pid");
  int pid = 0;
  if (!text.ok() || !(std::istringstream(*text) >> pid)) {
    return std::nullopt;
  }
  const std::optional<ProcessIdentity> identity = turnpike::IdentityOf(pid);
  const Result<std::string> command_line = ReadFile("/proc/" + std::to_string(pid) + "/cmdline");
  const std::string argument = '\0' + FolderOf(id) + '\0';
  const bool is_ours = command_line.ok() && command_line->find(argument) != std::string::npos;
  return is_ours ? identity : std::nullopt;
}

}  // namespace turnpike
