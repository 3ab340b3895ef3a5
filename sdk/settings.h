#pragma once
// Where a client finds its broker: flags, then the environment, then the user's file, then what a `turnpike-broker
// --dev` on this machine left.  Each setting is taken from the first of them that has it, except that the last counts
// only as a whole.
//
//   address = broker.example.org:7443, broker2.example.org:7443
//   ca = ~/.config/turnpike/ca.pem
//   token_file = token
//   project = astro
//   region = cn-east

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "sdk/connection.h"

namespace turnpike {

// The text of a settings file, and what flags may say.  Empty: not said.
struct ClientSettings {
  std::string addresses;  // "host:port", more than one with commas
  std::string ca_path;
  std::string token_path;   // a file: tokens never stand in arguments, where everybody on the machine can read them
  std::string project;      // name or id; empty: the token's only project
  std::string region = {};  // where the user is, for round trips; empty: unknown

  friend bool operator==(const ClientSettings&, const ClientSettings&) = default;
};

struct SettingsSources {
  ClientSettings flags;
  std::map<std::string, std::string> environment;  // TURNPIKE_BROKER, TURNPIKE_CA, TURNPIKE_TOKEN_FILE; XDG_*, HOME
  bool is_root = false;
  std::string system_dev_path = "/var/lib/turnpike/dev/client.conf";  // only for root
};

// NOT_FOUND when no source names a broker, with what to do; INVALID_ARGUMENT for a wrong line in a file, with its
// number.
Result<ClientSettings> FindSettings(const SettingsSources& sources);

// "key = value" lines, # comments, values bare or in double quotes; an unknown key is refused.  Relative paths are
// taken from `folder`, and ~/ from `home`.
struct SettingsFolders {
  std::string folder;
  std::string home;
};
Result<ClientSettings> ParseSettings(std::string_view text, const SettingsFolders& folders);
// A file that ParseSettings reads back.
std::string FormatSettings(const ClientSettings& settings);
// Where `turnpike-broker --dev` leaves its client.conf for this user.
std::string DevSettingsPath(const SettingsSources& sources);

// Everything that Connect needs; reads the token (sdk/token_file.h), if one is named.
Result<ConnectionSettings> ToConnectionSettings(const ClientSettings& settings);

}  // namespace turnpike
