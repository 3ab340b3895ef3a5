#pragma once
// Runs one test of this binary in a process of its own, armed with failpoints: their environment is read once in a
// process's life.

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "base/check.h"
#include "base/child_process.h"

namespace turnpike {

inline constexpr char kOwnProcessFolder[] = "TURNPIKE_TEST_FOLDER";

// The folder that the test is to work in, where it was started by RunTestAlone; nullopt in an ordinary run.
inline std::optional<std::string> FolderOfOwnProcess() {
  const char* folder = ::getenv(kOwnProcessFolder);
  return folder == nullptr ? std::nullopt : std::optional<std::string>(folder);
}

inline ChildResult RunTestAlone(const std::string& test, const std::string& folder, const std::string& failpoints) {
  ChildCommand command;
  command.argv = {"/proc/self/exe", "--gtest_filter=" + test};
  command.environment = {{"PATH", "/usr/bin:/bin"}, {kOwnProcessFolder, folder}, {"TURNPIKE_FAILPOINTS", failpoints}};
  command.timeout = std::chrono::minutes(2);
  Result<ChildResult> result = RunChild(command);
  CHECK(result.ok());
  return *std::move(result);
}

}  // namespace turnpike
