#include "adapters/host/wrapper_text.h"

#include <fmt/format.h>

#include <span>

#include "base/check.h"
#include "base/embedded_file.h"
#include "base/failpoint.h"

namespace turnpike {

extern const std::span<const EmbeddedFile> kWrapperFiles;

namespace {

constexpr std::string_view kWrapperName = "wrapper.sh";

std::string_view ModeName(EnvironmentMode mode) {
  switch (mode) {
    case EnvironmentMode::kLogin:
      return "login";
    case EnvironmentMode::kClean:
      return "clean";
    case EnvironmentMode::kInitFile:
      return "init-file";
  }
  return "login";
}

// Each start takes a name of its own instead of the one that there is only once.
std::string WithoutGuard(std::string text) {
  constexpr std::string_view kGuard = "\"$tp_guard\"";
  for (size_t at = text.find(kGuard); at != std::string::npos; at = text.find(kGuard)) {
    text.replace(at, kGuard.size(), "\"$tp_private\"");
  }
  return text;
}

std::string Assignment(std::string_view name, std::string_view value) {
  return fmt::format("{}={}\n", name, ShellQuote(value));
}

}  // namespace

std::string ShellQuote(std::string_view text) {
  std::string quoted = "'";
  for (const char character : text) {
    if (character == '\'') {
      quoted += "'\\''";
    } else {
      quoted += character;
    }
  }
  return quoted + "'";
}

std::string WrapperText(std::string_view attempt_directory) {
  for (const EmbeddedFile& file : kWrapperFiles) {
    if (file.name == kWrapperName) {
      const size_t first_line = file.text.find('\n') + 1;
      std::string text = std::string(file.text.substr(0, first_line)) + Assignment("tp_directory", attempt_directory) +
                         std::string(file.text.substr(first_line));
      return TURNPIKE_RULE_IS_BROKEN("wrapper.guard") ? WithoutGuard(std::move(text)) : text;
    }
  }
  CheckFailed(__FILE__, __LINE__, "wrapper.sh is embedded");
}

std::string SettingsText(const WrapperSettings& settings) {
  const bool plain_script = settings.command_is_script && settings.script_index == 1;
  std::string text =
      Assignment("tp_tag", settings.tag) + Assignment("tp_guard", settings.guard_name) +
      Assignment("tp_display_name", settings.display_name) + Assignment("tp_work", settings.working_directory) +
      Assignment("tp_home", settings.home) + Assignment("tp_user", settings.user) +
      Assignment("tp_shell", settings.shell) + Assignment("tp_mode", ModeName(settings.environment)) +
      Assignment("tp_init_file", settings.init_file) + Assignment("tp_plain_script", plain_script ? "yes" : "no");
  text += "set --";
  for (const std::string& argument : settings.command) {
    text += " " + ShellQuote(argument);
  }
  return text + "\ntp_complete=yes\n";
}

std::string EnvironmentText(const std::vector<std::pair<std::string, std::string>>& environment) {
  std::string text;
  for (const auto& [name, value] : environment) {
    text += "export " + name + "=" + ShellQuote(value) + "\n";
  }
  return text;
}

}  // namespace turnpike
