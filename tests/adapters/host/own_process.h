#pragma once
// What a test does in another process of this binary, armed with failpoints: their environment is read once in a
// process's life.  Such a role is a test of the suite OwnProcess there; in an ordinary run it does not exist.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/child_process.h"

namespace turnpike {

inline constexpr char kOwnProcessFolder[] = "TURNPIKE_TEST_FOLDER";

using ProcessRole = void (*)(const std::string& folder);

class ProcessRoleTest final : public testing::Test {
 public:
  ProcessRoleTest(ProcessRole role, std::string folder) : role_(role), folder_(std::move(folder)) {}
  void TestBody() override { role_(folder_); }

 private:
  const ProcessRole role_;
  const std::string folder_;
};

// Before main; false in an ordinary run.
inline bool DeclareProcessRole(const char* name, ProcessRole role) {
  const char* folder = ::getenv(kOwnProcessFolder);
  if (folder != nullptr) {
    testing::RegisterTest("OwnProcess", name, nullptr, nullptr, __FILE__, __LINE__,
                          [role, folder]() -> testing::Test* { return new ProcessRoleTest(role, folder); });
  }
  return folder != nullptr;
}

struct OwnProcess {
  std::string role;
  std::string folder;
  std::string failpoints = {};
  std::vector<std::string> run_by = {};  // a program and its arguments, which runs it
};

inline ChildResult RunInOwnProcess(const OwnProcess& process) {
  ChildCommand command;
  command.argv = process.run_by;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe");
  command.argv.insert(command.argv.end(), {program, "--gtest_filter=OwnProcess." + process.role});
  command.environment = {
      {"PATH", "/usr/bin:/bin"}, {kOwnProcessFolder, process.folder}, {"TURNPIKE_FAILPOINTS", process.failpoints}};
  command.timeout = std::chrono::minutes(2);
  Result<ChildResult> result = RunChild(command);
  CHECK(result.ok());
  return *std::move(result);
}

// The role was there, and came to its end.
inline bool HasPassed(const ChildResult& result) {
  return result.exit_code == 0 && result.output.find("[  PASSED  ] 1 test.") != std::string::npos;
}

}  // namespace turnpike
