// start_postgres FOLDER [SOCKET_FOLDER]: starts the private PostgreSQL of a folder, which outlives this program; with
// the socket folder of another one as a fresh standby of that.  A program of its own, because base/pg and sdk each have
// a class Connection, which cannot be in one.
#include <fmt/format.h>

#include "tests/support/standby.h"

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    fmt::print(stderr,
               "start_postgres wants the folder of a private PostgreSQL, and perhaps a primary's socket folder\n");
    return 2;
  }
  const turnpike::PrivatePostgresSettings settings{.folder = argv[1]};
  const turnpike::Result<turnpike::PrivatePostgres> postgres =
      argc == 3 ? turnpike::StartStandby(argv[2], settings) : turnpike::PrivatePostgres::Start(settings);
  if (!postgres.ok()) {
    fmt::print(stderr, "{}\n", turnpike::MessageOf(postgres.status()));
    return 1;
  }
  return 0;
}
