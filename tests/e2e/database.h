#pragma once
// A look into the broker's database, past the broker.  libpq itself and values as text: base/pg and sdk each have a
// class Connection, which cannot be in one program.  Not shared by threads.

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

struct pg_conn;

namespace turnpike {

class Database {
 public:
  using Row = std::vector<std::string>;  // NULL is empty

  static Result<std::unique_ptr<Database>> Open(const std::string& conninfo);

  Result<std::vector<Row>> Query(const char* sql, const std::vector<std::string>& parameters = {});
  // A statement that gives no rows, or several of them.
  Status Execute(const std::string& sql);
  // The one value of a query that has one.
  Result<std::string> Value(const char* sql, const std::vector<std::string>& parameters = {});
  Result<int64_t> Number(const char* sql, const std::vector<std::string>& parameters = {});

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  explicit Database(pg_conn* connection) : connection_(connection) {}

  std::unique_ptr<pg_conn, Finish> connection_;
};

// Of a text that the database gave.
int64_t ToNumber(const std::string& text);

}  // namespace turnpike
