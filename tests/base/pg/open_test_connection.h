#pragma once
// What the tests of this folder share.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/pg/connection.h"
#include "tests/support/pg_server.h"

namespace turnpike {

inline std::unique_ptr<Connection> OpenTestConnection(const std::string& conninfo) {
  Result<std::unique_ptr<Connection>> connection = Connection::Open({.conninfo = conninfo});
  EXPECT_TRUE(connection.ok()) << connection.status();
  return connection.ok() ? *std::move(connection) : nullptr;
}

// Asks until the answer is yes, for a minute at most: the server has no event for what is asked.
inline bool AskUntilTrue(Connection& connection, const char* sql, const Params& params = {}) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (std::chrono::steady_clock::now() < until) {
    const Result<Rows> rows = connection.Execute(sql, params);
    EXPECT_TRUE(rows.ok()) << rows.status();
    if (!rows.ok() || rows->Bool(0, 0)) {
      return rows.ok();
    }
  }
  return false;
}

}  // namespace turnpike
