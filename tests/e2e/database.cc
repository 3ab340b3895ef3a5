#include "tests/e2e/database.h"

#include <libpq-fe.h>

#include <charconv>

#include "base/check.h"

namespace turnpike {

void Database::Finish::operator()(pg_conn* connection) const {
  PQfinish(connection);
}

Result<std::unique_ptr<Database>> Database::Open(const std::string& conninfo) {
  std::unique_ptr<Database> database(new Database(PQconnectdb(conninfo.c_str())));
  if (PQstatus(database->connection_.get()) != CONNECTION_OK) {
    return Unavailable("{}: {}", conninfo, PQerrorMessage(database->connection_.get()));
  }
  return database;
}

Result<std::vector<Database::Row>> Database::Query(const char* sql, const std::vector<std::string>& parameters) {
  std::vector<const char*> values;
  for (const std::string& parameter : parameters) {
    values.push_back(parameter.c_str());
  }
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(
      PQexecParams(connection_.get(), sql, static_cast<int>(values.size()), nullptr, values.data(), nullptr, nullptr,
                   0),
      &PQclear);
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) {
    return Internal("{} failed: {}", sql, PQerrorMessage(connection_.get()));
  }
  std::vector<Row> rows;
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    Row& out = rows.emplace_back();
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      out.emplace_back(PQgetvalue(result.get(), row, column));
    }
  }
  return rows;
}

Status Database::Execute(const std::string& sql) {
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection_.get(), sql.c_str()), &PQclear);
  return PQresultStatus(result.get()) == PGRES_COMMAND_OK
             ? OkStatus()
             : Internal("{} failed: {}", sql, PQerrorMessage(connection_.get()));
}

Result<std::string> Database::Value(const char* sql, const std::vector<std::string>& parameters) {
  ASSIGN_OR_RETURN(const std::vector<Row> rows, Query(sql, parameters));
  if (rows.size() != 1 || rows.front().size() != 1) {
    return Internal("{} gave {} rows instead of one value", sql, rows.size());
  }
  return rows.front().front();
}

Result<int64_t> Database::Number(const char* sql, const std::vector<std::string>& parameters) {
  ASSIGN_OR_RETURN(const std::string value, Value(sql, parameters));
  return ToNumber(value);
}

int64_t ToNumber(const std::string& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  CHECK(error == std::errc() && end == text.data() + text.size());
  return number;
}

}  // namespace turnpike
