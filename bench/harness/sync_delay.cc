#include "bench/harness/sync_delay.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "base/errno_status.h"
#include "base/file_descriptor.h"
#include "base/file_sync.h"
#include "bench/harness/statistics.h"

namespace turnpike {
namespace {

constexpr int kProbes = 200;
constexpr size_t kPageBytes = 8192;

}  // namespace

Result<SyncDelay> SyncDelay::Make(const std::string& library, const std::string& folder) {
  // Beside the server's data, since its user may not enter the build folder.
  const std::string copy = folder + "/slow_sync.so";
  std::error_code error;
  std::filesystem::copy_file(library, copy, std::filesystem::copy_options::overwrite_existing, error);
  if (error) {
    return NotFound("cannot copy {} to {}: {}", library, copy, error.message());
  }
  SyncDelay delay(copy, folder);
  RETURN_IF_ERROR(WriteFileAtomically(delay.path(), std::string(sizeof(int32_t), '\0'), 0644));
  return delay;
}

std::map<std::string, std::string> SyncDelay::Environment() const {
  return {{"LD_PRELOAD", library_}, {"TURNPIKE_SLOW_SYNC_FILE", path()}};
}

// In place: the server's processes have this very file mapped.
Status SyncDelay::Set(std::chrono::microseconds delay) {
  const FileDescriptor file(::open(path().c_str(), O_WRONLY | O_CLOEXEC));
  const auto micros = static_cast<int32_t>(delay.count());
  if (!file.is_open() || ::pwrite(file.number(), &micros, sizeof(micros), 0) != sizeof(micros)) {
    return ErrnoStatus(errno, "cannot write {}", path());
  }
  return OkStatus();
}

Result<double> SyncDelay::MedianMicros() const {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path()));
  int32_t delay = 0;
  text.copy(reinterpret_cast<char*>(&delay), sizeof(delay));
  const std::string probe = folder_ + "/sync_probe";
  const FileDescriptor file(::open(probe.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.is_open()) {
    return ErrnoStatus(errno, "cannot open {}", probe);
  }
  const std::string page(kPageBytes, 'x');
  std::vector<double> micros;
  for (int i = 0; i < kProbes; ++i) {
    const auto start = std::chrono::steady_clock::now();
    if (::pwrite(file.number(), page.data(), page.size(), 0) != static_cast<ssize_t>(page.size()) ||
        ::fdatasync(file.number()) != 0) {
      return ErrnoStatus(errno, "cannot write {}", probe);
    }
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    micros.push_back(std::max<double>(took.count(), delay));
  }
  return Median(micros);
}

}  // namespace turnpike
