#pragma once
// The one place that makes a process; base/child_process.h is what callers use.  Thread-safe.

#include <map>
#include <string>
#include <vector>

#include "base/status.h"

namespace turnpike {

// Open descriptors of the caller, who keeps them.
struct StandardStreams {
  int input = -1;
  int output = -1;
  int error = -1;
};

struct SpawnCommand {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;
  std::string directory;
  bool new_session = true;  // else a process group of its own in the caller's session
  StandardStreams streams;
};

// Starts the program and returns its pid; the caller reaps it.  It leads a process group of its own, has the three
// streams and no other descriptor, blocks no signal and ignores none, whatever the caller does.  INVALID_ARGUMENT for a
// NUL inside a text, NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED.
Result<int> Spawn(const SpawnCommand& command);

}  // namespace turnpike
