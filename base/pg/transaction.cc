#include "base/pg/transaction.h"

#include <string>

namespace turnpike {

Result<Rows> Transaction::Execute(const char* sql, const Params& params) {
  const Statement statement{.sql = sql, .params = &params};
  ASSIGN_OR_RETURN(std::vector<Rows> rows, ExecuteAll(std::span(&statement, 1)));
  return std::move(rows.front());
}

Result<std::vector<Rows>> Transaction::ExecuteAll(std::span<const Statement> statements) {
  const std::vector<Deferred> deferred = std::exchange(deferred_, {});
  std::vector<Statement> all;
  for (const Deferred& one : deferred) {
    all.push_back({.sql = one.sql, .params = &one.params});
  }
  all.insert(all.end(), statements.begin(), statements.end());
  Result<std::vector<Rows>> rows = connection_.ExecuteAll(all, connection_.AnswerDeadline());
  first_error_.Update(rows.status());
  if (!rows.ok()) {
    return rows;
  }
  for (size_t i = 0; i < deferred.size(); ++i) {
    if (deferred[i].rows != nullptr) {
      *deferred[i].rows = std::move((*rows)[i]);
    }
  }
  rows->erase(rows->begin(), rows->begin() + static_cast<std::ptrdiff_t>(deferred.size()));
  return rows;
}

Status Transaction::Flush() {
  return deferred_.empty() ? OkStatus() : ExecuteAll({}).status();
}

// The cursor ends with the transaction where it is left in the middle.  Its statements are not kept prepared: what
// FETCH returns depends on the cursor.
Status Transaction::ReadInBatches(const Reading& reading, const std::function<Status(const Rows&)>& visit) {
  const std::string declare = fmt::format("DECLARE turnpike_reading NO SCROLL CURSOR FOR {}", reading.sql);
  const std::string fetch = fmt::format("FETCH {} FROM turnpike_reading", reading.rows_max);
  const Statement first[] = {{.sql = declare.c_str(), .params = reading.params, .keep_prepared = false}};
  const Statement next[] = {{.sql = fetch.c_str(), .params = nullptr, .keep_prepared = false}};
  RETURN_IF_ERROR(ExecuteAll(first).status());
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<Rows> rows, ExecuteAll(next));
    if (!rows.front().empty()) {
      RETURN_IF_ERROR(visit(rows.front()));
    }
    if (rows.front().size() < reading.rows_max) {
      return Execute("CLOSE turnpike_reading").status();
    }
  }
}

}  // namespace turnpike
