#include "sdk/settings.h"

#include <filesystem>
#include <utility>

#include "base/file_sync.h"
#include "sdk/token_file.h"

namespace turnpike {
namespace {

constexpr size_t kSettingsBytesMax = 64 * 1024;

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::string Variable(const SettingsSources& sources, const std::string& name) {
  const auto found = sources.environment.find(name);
  return found == sources.environment.end() ? "" : found->second;
}

// An XDG folder: the variable if it is an absolute path, else its place below the home folder.
std::string XdgFolder(const SettingsSources& sources, const std::string& name, std::string_view below_home) {
  std::string folder = Variable(sources, name);
  if (folder.starts_with('/')) {
    return folder;
  }
  const std::string home = Variable(sources, "HOME");
  return home.empty() ? "" : fmt::format("{}/{}", home, below_home);
}

ClientSettings FromEnvironment(const SettingsSources& sources) {
  return {.addresses = Variable(sources, "TURNPIKE_BROKER"),
          .ca_path = Variable(sources, "TURNPIKE_CA"),
          .token_path = Variable(sources, "TURNPIKE_TOKEN_FILE"),
          .project = "",
          .region = ""};
}

// Nothing said when there is no such file.
Result<ClientSettings> FromFile(const std::string& path, const SettingsSources& sources) {
  Result<std::string> text = ReadFile(path, kSettingsBytesMax);
  if (!text.ok()) {
    const bool absent = text.status().code() == StatusCode::kNotFound;
    return absent ? Result<ClientSettings>(ClientSettings{}) : Result<ClientSettings>(text.status());
  }
  const std::string folder = std::filesystem::path(path).parent_path().string();
  Result<ClientSettings> settings = ParseSettings(*text, {.folder = folder, .home = Variable(sources, "HOME")});
  if (!settings.ok()) {
    return InvalidArgument("{}: {}", path, MessageOf(settings.status()));
  }
  return settings;
}

void FillGaps(const ClientSettings& lower, ClientSettings& settings) {
  const auto fill = [](const std::string& from, std::string& to) {
    if (to.empty()) {
      to = from;
    }
  };
  fill(lower.addresses, settings.addresses);
  fill(lower.ca_path, settings.ca_path);
  fill(lower.token_path, settings.token_path);
  fill(lower.project, settings.project);
  fill(lower.region, settings.region);
}

std::string UserSettingsPath(const SettingsSources& sources) {
  const std::string folder = XdgFolder(sources, "XDG_CONFIG_HOME", ".config");
  return folder.empty() ? "" : folder + "/turnpike/config";
}

std::string ResolvePath(std::string_view value, const SettingsFolders& folders) {
  if (value.starts_with("~/") && !folders.home.empty()) {
    return fmt::format("{}/{}", folders.home, value.substr(2));
  }
  return value.empty() || value.starts_with('/') ? std::string(value) : fmt::format("{}/{}", folders.folder, value);
}

Result<std::string_view> ReadValue(std::string_view text) {
  if (!text.starts_with('"')) {
    return Trim(text.substr(0, text.find('#')));
  }
  const size_t end = text.find('"', 1);
  const std::string_view rest = end == std::string_view::npos ? "" : Trim(text.substr(end + 1));
  if (end == std::string_view::npos || (!rest.empty() && !rest.starts_with('#'))) {
    return InvalidArgument("the quoted value does not end with its line");
  }
  return text.substr(1, end - 1);
}

Status ApplyLine(std::string_view line, const SettingsFolders& folders, ClientSettings& settings) {
  const size_t equals = line.find('=');
  if (equals == std::string_view::npos) {
    return InvalidArgument("\"{}\" is not \"key = value\"", line);
  }
  const std::string_view key = Trim(line.substr(0, equals));
  ASSIGN_OR_RETURN(const std::string_view value, ReadValue(Trim(line.substr(equals + 1))));
  if (key == "address") {
    settings.addresses = value;
  } else if (key == "ca") {
    settings.ca_path = ResolvePath(value, folders);
  } else if (key == "token_file") {
    settings.token_path = ResolvePath(value, folders);
  } else if (key == "project") {
    settings.project = value;
  } else if (key == "region") {
    settings.region = value;
  } else {
    return InvalidArgument("the key \"{}\" is unknown; known are address, ca, token_file, project and region", key);
  }
  return OkStatus();
}

std::vector<std::string> SplitAddresses(std::string_view list) {
  std::vector<std::string> addresses;
  while (!list.empty()) {
    const size_t comma = list.find(',');
    if (const std::string_view address = Trim(list.substr(0, comma)); !address.empty()) {
      addresses.emplace_back(address);
    }
    list = comma == std::string_view::npos ? "" : list.substr(comma + 1);
  }
  return addresses;
}

}  // namespace

Result<ClientSettings> FindSettings(const SettingsSources& sources) {
  ClientSettings settings = sources.flags;
  FillGaps(FromEnvironment(sources), settings);
  if (const std::string path = UserSettingsPath(sources); !path.empty()) {
    ASSIGN_OR_RETURN(const ClientSettings stored, FromFile(path, sources));
    FillGaps(stored, settings);
  }
  if (!settings.addresses.empty()) {
    return settings;
  }
  // Only when no other broker is meant: this one's token is nobody else's business.
  if (const std::string path = DevSettingsPath(sources); !path.empty()) {
    ASSIGN_OR_RETURN(const ClientSettings dev, FromFile(path, sources));
    FillGaps(dev, settings);
  }
  if (settings.addresses.empty()) {
    return NotFound(
        "no broker is known: give --broker, set TURNPIKE_BROKER, write \"address = host:port\" into {}, or start one "
        "here with "
        "turnpike-broker --dev",
        UserSettingsPath(sources));
  }
  return settings;
}

std::string DevSettingsPath(const SettingsSources& sources) {
  const std::string folder = XdgFolder(sources, "XDG_DATA_HOME", ".local/share");
  const std::string own = folder.empty() ? "" : folder + "/turnpike/dev/client.conf";
  std::error_code ignored;
  const bool own_exists = !own.empty() && std::filesystem::exists(own, ignored);
  return sources.is_root && !own_exists ? sources.system_dev_path : own;
}

Result<ClientSettings> ParseSettings(std::string_view text, const SettingsFolders& folders) {
  ClientSettings settings;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = Trim(text.substr(0, end));
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    if (const Status applied = ApplyLine(line, folders, settings); !applied.ok()) {
      return InvalidArgument("line {}: {}", number, MessageOf(applied));
    }
  }
  return settings;
}

std::string FormatSettings(const ClientSettings& settings) {
  std::string text;
  const auto add = [&text](std::string_view key, const std::string& value) {
    if (!value.empty()) {
      text += fmt::format("{} = \"{}\"\n", key, value);
    }
  };
  add("address", settings.addresses);
  add("ca", settings.ca_path);
  add("token_file", settings.token_path);
  add("project", settings.project);
  add("region", settings.region);
  return text;
}

Result<ConnectionSettings> ToConnectionSettings(const ClientSettings& settings) {
  ConnectionSettings connection;
  connection.addresses = SplitAddresses(settings.addresses);
  if (settings.ca_path.empty()) {
    return InvalidArgument(
        "no CA certificate is known for the broker {}: give --ca, set TURNPIKE_CA, or write \"ca = FILE\" into the "
        "settings file",
        settings.addresses);
  }
  connection.ca_path = settings.ca_path;
  if (!settings.token_path.empty()) {
    ASSIGN_OR_RETURN(connection.token, ReadTokenFile(settings.token_path));
  }
  return connection;
}

}  // namespace turnpike
