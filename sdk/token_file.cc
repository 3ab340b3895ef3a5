#include "sdk/token_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/errno_status.h"
#include "base/file_descriptor.h"

namespace turnpike {
namespace {

constexpr size_t kTokenBytesMax = 4096;

// Looks at the open file, not at its name, which could be another file by the next call.
Status CheckOwnerOnly(int file, const std::string& path) {
  struct stat facts {};
  if (::fstat(file, &facts) != 0) {
    return ErrnoStatus(errno, "cannot look at the token file {}", path);
  }
  if ((facts.st_mode & 077U) != 0) {
    return FailedPrecondition("others may read the token file {} (mode {:04o}); run: chmod 600 {}", path,
                              facts.st_mode & 07777U, path);
  }
  if (facts.st_uid != ::geteuid() && facts.st_uid != 0) {
    return FailedPrecondition("the token file {} belongs to user {}, not to you", path, facts.st_uid);
  }
  return OkStatus();
}

}  // namespace

Result<std::string> ReadTokenFile(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file.is_open()) {
    return ErrnoStatus(errno, "cannot open the token file {}", path);
  }
  RETURN_IF_ERROR(CheckOwnerOnly(file.number(), path));
  std::string text(kTokenBytesMax + 1, '\0');
  const ssize_t size = ::read(file.number(), text.data(), text.size());
  if (size < 0) {
    return ErrnoStatus(errno, "cannot read the token file {}", path);
  }
  text.resize(static_cast<size_t>(size));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.pop_back();
  }
  if (text.empty() || text.size() > kTokenBytesMax ||
      !std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; })) {
    return FailedPrecondition("the token file {} does not hold one token on one line", path);
  }
  return text;
}

}  // namespace turnpike
