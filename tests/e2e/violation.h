#pragma once
// How a violated invariant is said, and the query that must find nothing.

#include <fmt/ranges.h>

#include "base/status.h"
#include "tests/e2e/database.h"

namespace turnpike {

template <class... Args>
Status Violated(const char* invariant, fmt::format_string<Args...> format, Args&&... args) {
  return Internal("{} is violated: {}", invariant, fmt::format(format, std::forward<Args>(args)...));
}

struct InvariantRule {
  const char* invariant;
  const char* what;
  const char* rows_that_break_it;
};

// Names the first row, if there is one.
inline Status CheckRule(Database& database, const InvariantRule& rule) {
  ASSIGN_OR_RETURN(const std::vector<Database::Row> rows, database.Query(rule.rows_that_break_it));
  return rows.empty() ? OkStatus() : Violated(rule.invariant, "{}: {}", rule.what, fmt::join(rows.front(), ", "));
}

}  // namespace turnpike
