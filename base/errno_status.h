#pragma once
// What a system call said in errno, as a Status: ENOENT is NOT_FOUND, EACCES is PERMISSION_DENIED, and so on.

#include <utility>

#include "base/status.h"

namespace turnpike {

// ErrnoStatus(errno, "cannot open {}", path): "cannot open /etc/x: No such file or directory".
template <class... Args>
Status ErrnoStatus(int error, fmt::format_string<Args...> format, Args&&... args) {
  return absl::ErrnoToStatus(error, ToAbsl(fmt::format(format, std::forward<Args>(args)...)));
}

}  // namespace turnpike
