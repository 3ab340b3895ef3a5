#include "adapters/host/attempt_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>

#include "adapters/core/local_tag.h"
#include "adapters/host/exit_record.h"
#include "adapters/host/guard.h"
#include "base/digest.h"
#include "base/errno_status.h"
#include "base/file_sync.h"
#include "base/log.h"

namespace turnpike {
namespace {

constexpr unsigned kFolderMode = 0700;
constexpr unsigned kFileMode = 0600;
constexpr size_t kRecordBytesMax = 16 << 10;
constexpr size_t kMarkBytesMax = 1 << 10;
constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

Status WriteAll(int file, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return ErrnoStatus(errno, "cannot write {}", path);
    }
    text.remove_prefix(static_cast<size_t>(written));
  }
  return OkStatus();
}

Result<std::string> ReadAll(int file, size_t bytes_max, const std::string& path) {
  std::string text;
  std::string buffer(16 << 10, '\0');
  while (true) {
    const ssize_t got = ::read(file, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return ErrnoStatus(errno, "cannot read {}", path);
    }
    if (got == 0) {
      return text;
    }
    text.append(buffer, 0, static_cast<size_t>(got));
    if (text.size() > bytes_max) {
      return OutOfRange("{} is larger than {} bytes", path, bytes_max);
    }
  }
}

// A record that is there but cannot be believed is none; that is worth a line.
template <class Record>
std::optional<Record> ReadRecord(const AttemptDirectory& directory, const std::string& name, std::string_view tag,
                                 Result<Record> (*parse)(std::string_view, std::string_view)) {
  const Result<std::string> text = directory.ReadFile(name, kRecordBytesMax);
  if (text.status().code() == StatusCode::kNotFound) {
    return std::nullopt;
  }
  Result<Record> record = text.ok() ? parse(*text, tag) : Result<Record>(text.status());
  if (!record.ok()) {
    LogWarn("a record of the wrapper cannot be believed",
            {{"file", directory.PathOf(name)}, {"why", std::string(MessageOf(record.status()))}});
    return std::nullopt;
  }
  return *std::move(record);
}

}  // namespace

Status AttemptDirectory::WriteFile(const std::string& name, std::string_view text, unsigned mode) const {
  const std::string aside = name + ".new";
  if (::unlinkat(folder(), aside.c_str(), 0) != 0 && errno != ENOENT) {
    return ErrnoStatus(errno, "cannot replace {}", PathOf(aside));
  }
  const FileDescriptor file(::openat(folder(), aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                     static_cast<mode_t>(mode)));
  if (!file.is_open()) {
    return ErrnoStatus(errno, "cannot create {}", PathOf(aside));
  }
  RETURN_IF_ERROR(WriteAll(file.number(), text, PathOf(aside)));
  if (::fsync(file.number()) != 0) {
    return ErrnoStatus(errno, "cannot sync {}", PathOf(aside));
  }
  if (::renameat(folder(), aside.c_str(), folder(), name.c_str()) != 0) {
    return ErrnoStatus(errno, "cannot name {}", PathOf(name));
  }
  return OkStatus();
}

Result<FileDescriptor> AttemptDirectory::OpenToRead(const std::string& name) const {
  FileDescriptor file(::openat(folder(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.is_open()) {
    if (errno == ELOOP) {
      return FailedPrecondition("{} is a symbolic link, which is never followed", PathOf(name));
    }
    return ErrnoStatus(errno, "cannot open {}", PathOf(name));
  }
  struct stat facts {};
  if (::fstat(file.number(), &facts) != 0) {
    return ErrnoStatus(errno, "cannot look at {}", PathOf(name));
  }
  if (!S_ISREG(facts.st_mode)) {
    return FailedPrecondition("{} is no regular file", PathOf(name));
  }
  return file;
}

Result<std::string> AttemptDirectory::ReadFile(const std::string& name, size_t bytes_max) const {
  ASSIGN_OR_RETURN(const FileDescriptor file, OpenToRead(name));
  return ReadAll(file.number(), bytes_max, PathOf(name));
}

Result<std::string> AttemptDirectory::ReadPart(const std::string& name, uint64_t offset, size_t bytes_max) const {
  ASSIGN_OR_RETURN(const FileDescriptor file, OpenToRead(name));
  std::string bytes(bytes_max, '\0');
  const ssize_t got = ::pread(file.number(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
  if (got < 0) {
    return ErrnoStatus(errno, "cannot read {}", PathOf(name));
  }
  bytes.resize(static_cast<size_t>(got));
  return bytes;
}

Result<FileTail> AttemptDirectory::ReadTail(const std::string& name, size_t bytes_max) const {
  ASSIGN_OR_RETURN(const FileDescriptor file, OpenToRead(name));
  const off_t size = ::lseek(file.number(), 0, SEEK_END);
  if (size < 0) {
    return ErrnoStatus(errno, "cannot tell the size of {}", PathOf(name));
  }
  const off_t begin = std::max<off_t>(0, size - static_cast<off_t>(bytes_max));
  FileTail tail{.bytes = std::string(static_cast<size_t>(size - begin), '\0'),
                .file_size = static_cast<uint64_t>(size)};
  const ssize_t got = ::pread(file.number(), tail.bytes.data(), tail.bytes.size(), begin);
  if (got < 0) {
    return ErrnoStatus(errno, "cannot read {}", PathOf(name));
  }
  tail.bytes.resize(static_cast<size_t>(got));
  return tail;
}

Status AttemptDirectory::MakeFolder(const std::string& name) const {
  if (::mkdirat(folder(), name.c_str(), kFolderMode) != 0 && errno != EEXIST) {
    return ErrnoStatus(errno, "cannot make the folder {}", PathOf(name));
  }
  const FileDescriptor made(::openat(folder(), name.c_str(), kFolderFlags));
  return made.is_open() ? OkStatus() : ErrnoStatus(errno, "cannot use the folder {}", PathOf(name));
}

Result<std::vector<std::string>> AttemptDirectory::Names() const {
  // Opened anew: a listing moves the place that a descriptor has in its folder.
  const int again = ::openat(folder(), ".", kFolderFlags);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(again < 0 ? nullptr : ::fdopendir(again), &::closedir);
  if (listing == nullptr) {
    return ErrnoStatus(errno, "cannot list the folder {}", path_);
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(listing.get())) {
    names.emplace_back(entry->d_name);
  }
  return names;
}

Status AttemptDirectory::Sync() const {
  return ::fsync(folder()) == 0 ? OkStatus() : ErrnoStatus(errno, "cannot sync the folder {}", path_);
}

Result<AttemptDirectories> AttemptDirectories::Open(const std::string& spool, std::string_view site_key) {
  if (spool.empty() || spool.front() != '/') {
    return InvalidArgument("the spool directory '{}' is no absolute path", spool);
  }
  return AttemptDirectories(spool, "turnpike-spool 1 " + ToHex(AsBytes(HmacSha256(site_key, "spool"))) + "\n");
}

Status AttemptDirectories::Begin() const {
  RETURN_IF_ERROR(MakeFolders(spool_, kFolderMode));
  const Result<std::string> mark = turnpike::ReadFile(MarkPath(), kMarkBytesMax);
  if (mark.status().code() == StatusCode::kNotFound) {
    return WriteFileAtomically(MarkPath(), mark_, kFileMode);
  }
  return mark.ok() && *mark == mark_
             ? OkStatus()
             : FailedPrecondition(
                   "the spool {} was begun under another site.key; give this agent one of its own, or remove {} once "
                   "nothing else uses it",
                   spool_, MarkPath());
}

Status AttemptDirectories::CheckSpool() const {
  const Result<std::string> mark = turnpike::ReadFile(MarkPath(), kMarkBytesMax);
  if (mark.ok() && *mark == mark_) {
    return OkStatus();
  }
  return FailedPrecondition(
      "the spool {} is not the one of this site: {}; mount its file system. Where it is lost for good, or this is its "
      "copy, and no job writes into another, put this line into {}: {}",
      spool_, mark.ok() ? "its mark is another site's" : MessageOf(mark.status()), MarkPath(),
      std::string_view(mark_).substr(0, mark_.size() - 1));
}

std::string AttemptDirectories::PathOf(const AttemptId& attempt_id) const {
  return spool_ + "/" + ToBase32(attempt_id.uuid());
}

Result<AttemptDirectory> AttemptDirectories::Make(const AttemptId& attempt_id) const {
  RETURN_IF_ERROR(CheckSpool());
  const std::string path = PathOf(attempt_id);
  if (::mkdir(path.c_str(), kFolderMode) != 0 && errno != EEXIST) {
    return ErrnoStatus(errno, "cannot make the attempt's folder {}", path);
  }
  RETURN_IF_ERROR(SyncFolder(spool_));
  return Find(attempt_id);
}

Result<AttemptDirectory> AttemptDirectories::Find(const AttemptId& attempt_id) const {
  std::string path = PathOf(attempt_id);
  FileDescriptor folder(::open(path.c_str(), kFolderFlags));
  if (!folder.is_open()) {
    return ErrnoStatus(errno, "cannot open the attempt's folder {}", path);
  }
  return AttemptDirectory(std::move(path), std::move(folder));
}

Status AttemptDirectories::Remove(const AttemptId& attempt_id) const {
  std::error_code error;
  std::filesystem::remove_all(PathOf(attempt_id), error);
  return error ? ErrnoStatus(error.value(), "cannot remove the attempt's folder {}", PathOf(attempt_id)) : OkStatus();
}

Result<std::vector<AttemptId>> AttemptDirectories::List() const {
  RETURN_IF_ERROR(CheckSpool());
  return ListAttempts(spool_);
}

Result<std::vector<AttemptId>> ListAttempts(const std::string& spool) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(spool.c_str()), &::closedir);
  if (folder == nullptr) {
    return ErrnoStatus(errno, "cannot list the spool directory {}", spool);
  }
  std::vector<AttemptId> attempts;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (const std::optional<Uuid> uuid = UuidFromBase32(entry->d_name)) {
      attempts.emplace_back(*uuid);
    }
  }
  return attempts;
}

Result<Timestamp> AttemptDirectories::ChangeTimeOf(const AttemptId& attempt_id) const {
  struct stat facts {};
  if (::lstat(PathOf(attempt_id).c_str(), &facts) != 0) {
    return ErrnoStatus(errno, "cannot look at the attempt's folder {}", PathOf(attempt_id));
  }
  return TimestampFromSeconds(facts.st_mtime);
}

DirectoryEvidence AttemptDirectories::ReadEvidence(const AttemptId& attempt_id, std::string_view site_key) const {
  DirectoryEvidence evidence;
  const Result<AttemptDirectory> directory = Find(attempt_id);
  if (!directory.ok()) {
    const bool is_missing = directory.status().code() == StatusCode::kNotFound;
    evidence.guard = is_missing ? GuardState::kFree : GuardState::kUnknown;
  } else {
    evidence.guard = ReadGuard(*directory, GuardName(attempt_id, site_key));
  }
  // A wrapper's guard was made where the job ran.  Only a spool that is there can tell that there is none.
  if (evidence.guard != GuardState::kTakenByWrapper && !CheckSpool().ok()) {
    evidence.guard = GuardState::kUnknown;
  }
  if (evidence.guard == GuardState::kTakenByWrapper) {
    const std::string tag = LocalTag(attempt_id);
    evidence.start = ReadRecord<StartRecord>(*directory, AttemptFiles::kStartRecord, tag, &ParseStartRecord);
    evidence.exit = ReadRecord<ExitRecord>(*directory, AttemptFiles::kExitRecord, tag, &ParseExitRecord);
  }
  return evidence;
}

}  // namespace turnpike
