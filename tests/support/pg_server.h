#pragma once
// A private PostgreSQL for one test binary: started on first use in a fresh folder, stopped and removed at the end.
// Every test asks for a database of its own.
//
//   const TestDatabase database = MakeTestDatabase(kMigrations);
//   TransactionRunner runner({.connection = {.conninfo = database.ConnectionString("turnpike_api")}}, clock);

#include <span>
#include <string>

#include "base/embedded_file.h"
#include "broker/embedded/private_postgres.h"

namespace turnpike {

// Lives until the test binary ends.
PrivatePostgres& TestServer();
// A fresh folder, removed at the end with what runs in it, that the server's user may enter: for a test that starts its
// own server.
std::string MakeTestFolder();

struct TestDatabase {
  std::string name;
  std::string ConnectionString(const std::string& role) const;
  // As the owner of the schema.
  std::string ConnectionString() const;
  std::string SuperuserConnectionString() const;
};

// An empty database.
TestDatabase MakeTestDatabase();
// With the migrations applied; they are applied once in the binary and copied from then on.
TestDatabase MakeTestDatabase(std::span<const EmbeddedFile> migrations);

}  // namespace turnpike
