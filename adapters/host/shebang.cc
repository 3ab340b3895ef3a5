#include "adapters/host/shebang.h"

#include <algorithm>

namespace turnpike {
namespace {

std::string_view Trimmed(std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

}  // namespace

Result<std::vector<std::string>> InterpreterOf(std::string_view script) {
  const std::string_view line = script.substr(0, script.find('\n'));
  if (!line.starts_with("#!")) {
    return InvalidArgument("the script's first line must be '#!' and an interpreter, such as #!/bin/bash");
  }
  if (line.ends_with('\r')) {
    return InvalidArgument("the script has DOS line ends; convert it with dos2unix");
  }
  const std::string_view command = Trimmed(line.substr(2));
  const std::string_view interpreter = command.substr(0, command.find_first_of(" \t"));
  if (!interpreter.starts_with('/')) {
    return InvalidArgument("the script's interpreter '{}' must be an absolute path", interpreter);
  }
  std::vector<std::string> words = {std::string(interpreter)};
  if (const std::string_view argument = Trimmed(command.substr(interpreter.size())); !argument.empty()) {
    words.emplace_back(argument);
  }
  return words;
}

}  // namespace turnpike
