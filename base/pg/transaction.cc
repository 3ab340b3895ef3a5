#include "base/pg/transaction.h"

#include <string>

namespace turnpike {

Result<Rows> Transaction::Execute(const char* sql, const Params& params) {
  Result<Rows> rows = connection_.Execute(sql, params);
  first_error_.Update(rows.status());
  return rows;
}

Result<std::vector<Rows>> Transaction::ExecuteAll(std::span<const Statement> statements) {
  Result<std::vector<Rows>> rows = connection_.ExecuteAll(statements, connection_.AnswerDeadline());
  first_error_.Update(rows.status());
  return rows;
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
