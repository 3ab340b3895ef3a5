#pragma once
// turnpike-broker's commands, run as a person runs them.

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/check.h"
#include "base/child_process.h"
#include "broker/embedded/private_postgres.h"
#include "tests/support/pg_server.h"

namespace turnpike {

inline ChildResult RunBroker(const TestDatabase& database, const std::vector<std::string>& arguments) {
  const char* const build = std::getenv("TURNPIKE_BINARY_DIR");
  CHECK(build != nullptr);  // Run by ctest.
  ChildCommand command;
  // The user that the program puts behind it counts.
  command.argv = {std::string(build) + "/bin/turnpike-broker", "--database", database.ConnectionString(kApiRole)};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  const Result<ChildResult> result = RunChild(command);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.value_or(ChildResult());
}

}  // namespace turnpike
