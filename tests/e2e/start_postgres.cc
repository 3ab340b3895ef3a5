// start_postgres FOLDER: starts the private PostgreSQL of a folder, which outlives this program.  A program of its own,
// because base/pg and sdk each have a class Connection, which cannot be in one.
#include <fmt/format.h>

#include "broker/embedded/private_postgres.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "start_postgres wants the folder of a private PostgreSQL\n");
    return 2;
  }
  const turnpike::Result<turnpike::PrivatePostgres> postgres = turnpike::PrivatePostgres::Start({.folder = argv[1]});
  if (!postgres.ok()) {
    fmt::print(stderr, "{}\n", turnpike::MessageOf(postgres.status()));
    return 1;
  }
  return 0;
}
