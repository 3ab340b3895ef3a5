#pragma once
// Runs a function in a forked child, for what would end or change the test's own process.

#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "base/check.h"

namespace turnpike {

// The child exits with the function's result.
inline int Fork(const std::function<int()>& function) {
  const int pid = ::fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    ::_exit(function());
  }
  return pid;
}

// As waitpid reports it: WIFEXITED, WIFSIGNALED, WIFSTOPPED.
inline int WaitForFork(int pid) {
  int status = 0;
  CHECK(::waitpid(pid, &status, WUNTRACED) == pid);
  return status;
}

}  // namespace turnpike
