#pragma once
// Which PostgreSQL programs this machine has, and how to run them as the right operating-system user.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace turnpike {

struct PostgresPrograms {
  std::string folder;  // "/usr/lib/postgresql/15/bin"
  int version = 0;     // 15
};

// The newest one installed, or the one of that major version.  NOT_FOUND.
Result<PostgresPrograms> FindPostgresPrograms(std::optional<int> version);

// The server refuses to run as root: then it runs as "postgres", else as whoever we are.
struct ServerUser {
  std::string name;
  unsigned user_id = 0;
  unsigned group_id = 0;
  bool is_other = false;  // not the user of this process
};
Result<ServerUser> FindServerUser();

// The command line that runs `argv` as that user; it becomes the program, so the process stays the same one.
std::vector<std::string> AsUser(const ServerUser& user, std::vector<std::string> argv);
// Nothing of the caller's environment.
std::map<std::string, std::string> ServerEnvironment();
// Runs one of the programs, or any other, to its end; INTERNAL with what it printed when it fails.
Status RunToEnd(const ServerUser& user, std::vector<std::string> argv);

}  // namespace turnpike
