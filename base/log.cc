#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/log_enabled.h"

namespace turnpike {
namespace {

struct LogOutput {
  std::unique_ptr<spdlog::logger> logger;
  bool json = false;
};

// A JSON string in plain ASCII: control characters cannot reach a terminal, and bytes that are no UTF-8 become U+FFFD.
std::string Quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

LogOutput MakeOutput(std::string_view program, LogLevel level, LogFormat format) {
  const bool json = format == LogFormat::kJson || (format == LogFormat::kAuto && ::isatty(STDERR_FILENO) == 0);
  LogOutput output{.logger = std::make_unique<spdlog::logger>(json ? Quoted(program) : std::string(program),
                                                              std::make_shared<spdlog::sinks::stderr_sink_mt>()),
                   .json = json};
  output.logger->set_level(SpdlogLevel(level));
  output.logger->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","program":%n,%v})" : "%H:%M:%S.%e %v",
                             spdlog::pattern_time_type::utc);
  return output;
}

// The process has one standard error, so this is the one thing that is not passed in.  Never destroyed: threads may log
// while the process ends.
LogOutput& Output() {
  static LogOutput& output = *new LogOutput(MakeOutput("", LogLevel::kInfo, LogFormat::kAuto));
  return output;
}

std::string JsonFields(LogLevel level, std::string_view message, LogFields fields) {
  std::vector<std::string> keys{"time", "program", "level", "message"};
  std::string line = fmt::format(R"("level":"{}","message":{})", LevelName(level), Quoted(message));
  for (const LogField& field : fields) {
    // A key that is taken already would hide one of the two values from most readers.
    std::string key(field.key);
    while (std::ranges::find(keys, key) != keys.end()) {
      key.push_back('_');
    }
    fmt::format_to(std::back_inserter(line), ",{}:{}", Quoted(key), Quoted(field.value));
    keys.push_back(std::move(key));
  }
  return line;
}

bool IsPrintable(char c) {
  return c >= ' ' && c <= '~';
}
bool IsPlainInValue(char c) {
  return IsPrintable(c) && c != ' ' && c != '"' && c != '\\' && c != '=';
}

std::string HumanFields(LogLevel level, std::string_view message, LogFields fields) {
  std::string line = fmt::format("{:5} {}", LevelName(level),
                                 std::ranges::all_of(message, IsPrintable) ? std::string(message) : Quoted(message));
  for (const LogField& field : fields) {
    const bool plain = !field.value.empty() && std::ranges::all_of(field.value, IsPlainInValue);
    fmt::format_to(std::back_inserter(line), " {}={}", field.key, plain ? field.value : Quoted(field.value));
  }
  return line;
}

void Log(LogLevel level, std::string_view message, LogFields fields) {
  const LogOutput& output = Output();
  const spdlog::level::level_enum spdlog_level = SpdlogLevel(level);
  if (!output.logger->should_log(spdlog_level)) {
    return;
  }
  output.logger->log(spdlog_level,
                     output.json ? JsonFields(level, message, fields) : HumanFields(level, message, fields));
}

}  // namespace

void SetUpLog(std::string_view program, LogLevel level, LogFormat format) {
  Output() = MakeOutput(program, level, format);
}

bool IsLogged(LogLevel level) {
  return Output().logger->should_log(SpdlogLevel(level));
}

void LogDebug(std::string_view message, LogFields fields) {
  Log(LogLevel::kDebug, message, fields);
}
void LogInfo(std::string_view message, LogFields fields) {
  Log(LogLevel::kInfo, message, fields);
}
void LogWarn(std::string_view message, LogFields fields) {
  Log(LogLevel::kWarn, message, fields);
}
void LogError(std::string_view message, LogFields fields) {
  Log(LogLevel::kError, message, fields);
}

}  // namespace turnpike
