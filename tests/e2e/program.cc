#include "tests/e2e/program.h"

#include <cstdlib>

#include "base/check.h"

namespace turnpike {
namespace {

std::string FolderFrom(const char* variable) {
  const char* value = std::getenv(variable);
  CHECK(value != nullptr);  // ctest sets it.
  return value;
}

}  // namespace

std::string ProgramPath(const std::string& name) {
  return FolderFrom("TURNPIKE_BINARY_DIR") + "/bin/" + name;
}

std::string TestProgramPath(const std::string& name) {
  return FolderFrom("TURNPIKE_BINARY_DIR") + "/tests/e2e/" + name;
}

std::string SourcePath(const std::string& path) {
  return FolderFrom("TURNPIKE_SOURCE_DIR") + "/" + path;
}

Environment PlainEnvironment() {
  Environment environment = {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                             {"HOME", "/nonexistent"},
                             {"LC_ALL", "C.UTF-8"}};
  for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name)) {
      environment.emplace(name, value);
    }
  }
  return environment;
}

Result<ChildResult> RunProgram(const ProgramCall& call) {
  return RunChild({.argv = call.argv,
                   .environment = call.environment,
                   .directory = call.directory,
                   .standard_input = call.input,
                   .timeout = call.timeout});
}

Result<std::string> RunForOutput(const ProgramCall& call) {
  ASSIGN_OR_RETURN(const ChildResult result, RunProgram(call));
  if (!result.succeeded()) {
    return Internal("{} ended with code {}, signal {}{}: {}{}", call.argv.front(), result.exit_code, result.signal,
                    result.timed_out ? ", too late" : "", result.output, result.error_output);
  }
  return result.output;
}

}  // namespace turnpike
