#pragma once
// The batch script that every scheduler gets: a fixed program (adapters/wrapper/wrapper.sh) with two assignments in
// front, and the settings file that it reads in the attempt's folder.  Values are single-quoted; nothing of the user's
// is ever code here.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/core/local_job.h"

namespace turnpike {

// 'it'\''s'
std::string ShellQuote(std::string_view text);

struct WrapperSettings {
  std::string tag;
  std::string guard_name;
  std::string display_name;
  std::string working_directory;
  std::string home;
  std::string user;
  std::string shell;
  EnvironmentMode environment = EnvironmentMode::kLogin;
  std::string init_file;
  std::vector<std::string> command;  // interpreter, its argument, script, arguments; or the user's command
  bool command_is_script = false;    // then `command` holds an interpreter and a script
  size_t script_index = 0;           // where the script's path stands in `command`
};

std::string WrapperText(std::string_view attempt_directory);
std::string SettingsText(const WrapperSettings& settings);
std::string EnvironmentText(const std::vector<std::pair<std::string, std::string>>& environment);

}  // namespace turnpike
