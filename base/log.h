#pragma once
// One line per decision: a level, a sentence, then fields "key=value".  JSON objects on a pipe, a readable line on a
// terminal.
//   error: a person must act now; warn: a person should soon; info: state changes; debug: the rest.
// Never log scripts, tokens or personal data.  Thread-safe.
//
//   LogInfo("site enrolled", {{"site", site.name}, {"serial", serial}});

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace turnpike {

struct LogField {
  std::string_view key;
  std::string value;
};
using LogFields = std::initializer_list<LogField>;

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kAuto, kHuman, kJson };

// Once, at the start of a main.  Lines go to standard error.
void SetUpLog(std::string_view program, LogLevel level, LogFormat format);

void LogDebug(std::string_view message, LogFields fields = {});
void LogInfo(std::string_view message, LogFields fields = {});
void LogWarn(std::string_view message, LogFields fields = {});
void LogError(std::string_view message, LogFields fields = {});

}  // namespace turnpike
