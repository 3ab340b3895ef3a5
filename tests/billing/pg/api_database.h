#pragma once
// What the tests of stores stand on: a database of their own with the schema, and what a store is made from.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/digest.h"
#include "base/pg/transaction_runner.h"
#include "base/request_key.h"
#include "base/system_clock.h"
#include "tests/support/pg_server.h"

namespace turnpike {

extern const std::span<const EmbeddedFile> kMigrations;

class ApiDatabase {
 public:
  TransactionRunner& transactions() { return transactions_; }
  const TestDatabase& database() const { return database_; }
  IdSource& ids() { return ids_; }
  Timestamp Now() const { return machine_.Now(); }

  RequestKey NewKey(const std::string& method, const std::string& body) {
    return {
        .project_id = {}, .method = method, .request_id = ids_.TimeOrdered<RequestId>(), .request_hash = Sha256(body)};
  }

  // Past every policy and grant.
  Rows AsSuperuser(const char* sql, const Params& params = {}) {
    Result<Rows> rows = Run(database_.SuperuserConnectionString(), sql, params);
    EXPECT_TRUE(rows.ok()) << sql << rows.status();
    return rows.ok() ? *std::move(rows) : Rows();
  }
  int64_t CountAsSuperuser(const char* sql, const Params& params = {}) {
    const Rows rows = AsSuperuser(sql, params);
    return rows.empty() ? -1 : rows.Int(0, 0);
  }
  // As a role of the program, outside any project.
  Result<Rows> AsRole(const std::string& role, const char* sql) {
    return Run(database_.ConnectionString(role), sql, {});
  }
  // As the API's role, for these projects.
  Result<Rows> AsProjects(const std::vector<ProjectId>& projects, const char* sql, const Params& params = {}) {
    Result<Rows> rows = Internal("did not run");
    const Status done = transactions_.Run({.projects = projects}, [&](Transaction& tx) -> Status {
      rows = tx.Execute(sql, params);
      return rows.status();
    });
    EXPECT_EQ(done.ok(), rows.ok());
    return rows;
  }

 private:
  static Result<Rows> Run(const std::string& conninfo, const char* sql, const Params& params) {
    ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection, Connection::Open({.conninfo = conninfo}));
    return connection->Execute(sql, params);
  }

  const TestDatabase database_ = MakeTestDatabase(kMigrations);
  SystemClock machine_;
  SystemRandom random_;
  DatabaseClock clock_{machine_};
  IdSource ids_{machine_, random_};
  TransactionRunner transactions_{{.connection = {.conninfo = database_.ConnectionString(kApiRole)}}, clock_};
};

constexpr char kInsufficientPrivilege[] = "42501";

}  // namespace turnpike
