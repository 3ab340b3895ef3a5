#pragma once
// CHECK(condition): what can only be our own bug.  A failed check ends the process at once: nothing that follows could
// be trusted. What can go wrong outside the program is a Status (base/status.h).

#include <cstdio>
#include <cstdlib>

namespace turnpike {

[[noreturn]] inline void CheckFailed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: CHECK failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace turnpike

#define CHECK(condition) \
  (static_cast<bool>(condition) ? static_cast<void>(0) : ::turnpike::CheckFailed(__FILE__, __LINE__, #condition))
