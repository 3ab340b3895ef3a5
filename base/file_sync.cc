#include "base/file_sync.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "base/errno_status.h"
#include "base/failpoint.h"
#include "base/file_descriptor.h"

namespace turnpike {
namespace {

constexpr size_t kReadBytes = 64U << 10U;

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) {
    return ".";
  }
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<FileDescriptor> OpenForReading(const std::string& path, int flags = 0) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags));
  if (!file.is_open()) {
    return ErrnoStatus(errno, "cannot open {}", path);
  }
  return file;
}

// Reads to the end of the file or until `bytes_max` are there.
Result<std::string> ReadUpTo(const FileDescriptor& file, const std::string& path, size_t bytes_max) {
  std::string bytes;
  while (bytes.size() < bytes_max) {
    const size_t filled = bytes.size();
    bytes.resize(std::min(bytes_max, filled + kReadBytes));
    const ssize_t count = ::read(file.number(), bytes.data() + filled, bytes.size() - filled);
    bytes.resize(filled + static_cast<size_t>(std::max<ssize_t>(count, 0)));
    if (count < 0 && errno != EINTR) {
      return ErrnoStatus(errno, "cannot read {}", path);
    }
    if (count == 0) {
      break;
    }
  }
  return bytes;
}

Status WriteAll(const FileDescriptor& file, const std::string& path, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(file.number(), text.data(), text.size());
    if (count < 0 && errno != EINTR) {
      return ErrnoStatus(errno, "cannot write {}", path);
    }
    text.remove_prefix(static_cast<size_t>(std::max<ssize_t>(count, 0)));
  }
  return OkStatus();
}

// Everything but the folder's sync; the caller removes `draft` when this fails.
Status FillAndRename(const FileDescriptor& file, const std::string& draft, const std::string& path,
                     std::string_view text, unsigned mode) {
  RETURN_IF_ERROR(WriteAll(file, draft, text));
  if (::fchmod(file.number(), mode) != 0) {
    return ErrnoStatus(errno, "cannot set the mode of {}", draft);
  }
  if (::fsync(file.number()) != 0) {
    return ErrnoStatus(errno, "cannot sync {}", draft);
  }
  if (::rename(draft.c_str(), path.c_str()) != 0) {
    return ErrnoStatus(errno, "cannot replace {}", path);
  }
  return OkStatus();
}

bool IsFolder(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

// Gives it exactly this mode, whatever the umask, and makes it last.  A folder that is there already is left as it is.
Status MakeFolder(const std::string& path, unsigned mode) {
  if (::mkdir(path.c_str(), mode) != 0) {
    return errno == EEXIST && IsFolder(path) ? OkStatus() : ErrnoStatus(errno, "cannot make folder {}", path);
  }
  if (::chmod(path.c_str(), mode) != 0) {
    return ErrnoStatus(errno, "cannot set the mode of {}", path);
  }
  return SyncFolder(FolderOf(path));
}

}  // namespace

Status WriteFileAtomically(const std::string& path, std::string_view text, unsigned mode) {
  // Beside the file, because a rename does not cross file systems; the name is new, so that writers do not meet.
  std::string draft = path + ".XXXXXX";
  const FileDescriptor file(::mkostemp(draft.data(), O_CLOEXEC));
  if (!file.is_open()) {
    return ErrnoStatus(errno, "cannot write a file beside {}", path);
  }
  if (Status status = FillAndRename(file, draft, path, text, mode); !status.ok()) {
    ::unlink(draft.c_str());
    return status;
  }
  TURNPIKE_FAILPOINT_STATUS("file.named");
  return SyncFolder(FolderOf(path));
}

Result<std::string> ReadFile(const std::string& path, size_t bytes_max) {
  ASSIGN_OR_RETURN(const FileDescriptor file, OpenForReading(path));
  // One more than allowed tells that there is more; the size that the file claims may be 0 (/proc) or out of date.
  ASSIGN_OR_RETURN(std::string bytes, ReadUpTo(file, path, std::max(bytes_max, bytes_max + 1)));
  if (bytes.size() > bytes_max) {
    return OutOfRange("{} is larger than {} bytes", path, bytes_max);
  }
  return bytes;
}

Result<FileTail> ReadFileTail(const std::string& path, size_t bytes_max) {
  ASSIGN_OR_RETURN(const FileDescriptor file, OpenForReading(path));
  const off_t size = ::lseek(file.number(), 0, SEEK_END);
  if (size < 0) {
    return ErrnoStatus(errno, "cannot seek in {}", path);
  }
  // Not past that size: the file may be growing, and then the bytes would not be those before its end.
  const uint64_t file_size = static_cast<uint64_t>(size);
  const uint64_t tail_size = std::min<uint64_t>(bytes_max, file_size);
  if (::lseek(file.number(), static_cast<off_t>(file_size - tail_size), SEEK_SET) < 0) {
    return ErrnoStatus(errno, "cannot seek in {}", path);
  }
  ASSIGN_OR_RETURN(std::string bytes, ReadUpTo(file, path, tail_size));
  return FileTail{.bytes = std::move(bytes), .file_size = file_size};
}

Status SyncFolder(const std::string& folder) {
  ASSIGN_OR_RETURN(const FileDescriptor file, OpenForReading(folder, O_DIRECTORY));
  if (::fsync(file.number()) != 0) {
    return ErrnoStatus(errno, "cannot sync {}", folder);
  }
  return OkStatus();
}

Status MakeFolders(const std::string& path, unsigned mode) {
  constexpr unsigned kParentMode = 0755;
  const size_t last = path.find_last_not_of('/');
  if (last == std::string::npos) {
    return path.empty() ? InvalidArgument("the path of a folder is empty") : OkStatus();
  }
  const std::string folder = path.substr(0, last + 1);
  for (size_t slash = folder.find('/', 1); slash != std::string::npos; slash = folder.find('/', slash + 1)) {
    RETURN_IF_ERROR(MakeFolder(folder.substr(0, slash), kParentMode));
  }
  return MakeFolder(folder, mode);
}

}  // namespace turnpike
