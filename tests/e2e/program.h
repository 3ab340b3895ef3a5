#pragma once
// The programs under test and those beside them: where they are, and how a test runs them to their end.

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/child_process.h"
#include "base/status.h"

namespace turnpike {

using Environment = std::map<std::string, std::string>;

// A program of the build that is tested.
std::string ProgramPath(const std::string& name);
// A program of these tests.
std::string TestProgramPath(const std::string& name);
// A file of the source tree.
std::string SourcePath(const std::string& path);
// What a program needs to run at all; nothing of the caller's own settings.
Environment PlainEnvironment();

struct ProgramCall {
  std::vector<std::string> argv;
  Environment environment = PlainEnvironment();
  std::string input = {};
  std::string directory = "/";
  std::chrono::milliseconds timeout = std::chrono::minutes(2);
};
Result<ChildResult> RunProgram(const ProgramCall& call);
// The same, where anything but exit code 0 is an error that shows what the program said.
Result<std::string> RunForOutput(const ProgramCall& call);

}  // namespace turnpike
