#pragma once
// Files that survive a crash: written, synced, renamed, and their folder synced.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace turnpike {

// Replaces the file as a whole: readers see the old or the new text, never a part, also after a power cut.  After an
// error it may be either.
Status WriteFileAtomically(const std::string& path, std::string_view text, unsigned mode = 0644);
// The whole file; NOT_FOUND, PERMISSION_DENIED, OUT_OF_RANGE when larger than `bytes_max`.
Result<std::string> ReadFile(const std::string& path, size_t bytes_max = 64U << 20U);
// The last `bytes_max` bytes of a file, and how long it is in all.
struct FileTail {
  std::string bytes;
  uint64_t file_size = 0;
};
Result<FileTail> ReadFileTail(const std::string& path, size_t bytes_max);
Status SyncFolder(const std::string& folder);
// mkdir -p with a mode for the last part.
Status MakeFolders(const std::string& path, unsigned mode = 0755);

}  // namespace turnpike
