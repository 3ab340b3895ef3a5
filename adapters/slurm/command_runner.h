#pragma once
// How the adapter runs a command: for real, or as a test says.

#include "base/child_process.h"
#include "base/status.h"

namespace turnpike {

class CommandRunner {
 public:
  virtual ~CommandRunner() = default;
  virtual Result<ChildResult> Run(const ChildCommand& command) = 0;
};

class ChildCommandRunner final : public CommandRunner {
 public:
  Result<ChildResult> Run(const ChildCommand& command) override { return RunChild(command); }
};

}  // namespace turnpike
