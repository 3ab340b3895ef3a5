// start_postgres FOLDER [--standby-of SOCKET_FOLDER] [NAME=VALUE…]: starts the private PostgreSQL of a folder, which
// outlives this program; as a fresh standby of the one with that socket folder, and with more in its environment.  A
// program of its own, because base/pg and sdk each have a class Connection, which cannot be in one.
#include <fmt/format.h>

#include <string_view>

#include "tests/support/standby.h"

namespace {

int Misused() {
  fmt::print(stderr, "usage: start_postgres FOLDER [--standby-of SOCKET_FOLDER] [NAME=VALUE...]\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    return Misused();
  }
  turnpike::PrivatePostgresSettings settings{.folder = argv[1]};
  std::string primary;
  for (int i = 2; i < argc; ++i) {
    const std::string_view word = argv[i];
    const size_t equals = word.find('=');
    if (word == "--standby-of" && i + 1 < argc) {
      primary = argv[++i];
    } else if (equals != std::string_view::npos) {
      settings.server_environment.emplace(word.substr(0, equals), word.substr(equals + 1));
    } else {
      return Misused();
    }
  }
  const turnpike::Result<turnpike::PrivatePostgres> postgres =
      primary.empty() ? turnpike::PrivatePostgres::Start(settings) : turnpike::StartStandby(primary, settings);
  if (!postgres.ok()) {
    fmt::print(stderr, "{}\n", turnpike::MessageOf(postgres.status()));
    return 1;
  }
  return 0;
}
