#include "base/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "base/file_descriptor.h"
#include "base/file_sync.h"
#include "tests/base/scratch_folder.h"

namespace turnpike {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;

// Runs with standard error led elsewhere.
void RunWithStandardError(int descriptor, const std::function<void()>& function) {
  const FileDescriptor before(::dup(STDERR_FILENO));
  CHECK(::dup2(descriptor, STDERR_FILENO) == STDERR_FILENO);
  function();
  CHECK(::dup2(before.number(), STDERR_FILENO) == STDERR_FILENO);
}

std::vector<std::string> LinesOf(const std::function<void()>& function) {
  const ScratchFolder folder;
  const FileDescriptor file(::open(folder.File("log").c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  RunWithStandardError(file.number(), function);
  std::istringstream text(*ReadFile(folder.File("log")));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    lines.push_back(line);
  }
  return lines;
}

nlohmann::json JsonLineOf(const std::function<void()>& function) {
  const std::vector<std::string> lines = LinesOf(function);
  CHECK(lines.size() == 1);
  return nlohmann::json::parse(lines[0]);
}

std::string HumanLineOf(std::string_view message, LogFields fields) {
  const std::vector<std::string> lines = LinesOf([&] {
    SetUpLog("agent", LogLevel::kDebug, LogFormat::kHuman);
    LogInfo(message, fields);
  });
  CHECK(lines.size() == 1);
  constexpr size_t kTimeLength = std::string_view("00:11:22.123 ").size();
  return lines[0].substr(kTimeLength);
}

TEST(JsonLog, IsOneObjectALineWithTimeProgramLevelMessageAndFields) {
  const std::vector<std::string> lines = LinesOf([] {
    SetUpLog("turnpike-broker", LogLevel::kInfo, LogFormat::kAuto);  // a file is no terminal
    LogInfo("site enrolled", {{"site", "hpc-7"}, {"serial", "3"}});
  });
  EXPECT_THAT(
      lines,
      ElementsAre(MatchesRegex(
          R"(\{"time":"[0-9-]+T[0-9:]+\.[0-9]+Z","program":"turnpike-broker","level":"info","message":"site enrolled",)"
          R"("site":"hpc-7","serial":"3"\})")));
}

TEST(JsonLog, EscapesWhateverItIsGiven) {
  const std::string odd_texts[] = {
      "",
      "\"",
      "\\",
      "a\nb\r\n",
      std::string("nul\0nul", 7),
      "\x1b[31mred",
      "\x7f",
      "J\u00fclich \u2028 \U0001f600",
      "{\"a\":1}",
      "%v %l {} {0}",
  };
  for (const std::string& text : odd_texts) {
    const nlohmann::json line = JsonLineOf([&] {
      SetUpLog("a\"%v\\b", LogLevel::kInfo, LogFormat::kJson);
      LogInfo(text, {{"value", text}});
    });
    EXPECT_EQ(line["message"], text);
    EXPECT_EQ(line["value"], text);
    EXPECT_EQ(line["program"], "a\"%v\\b");
  }
}

TEST(JsonLog, ReplacesBytesThatAreNoUtf8) {
  const nlohmann::json line = JsonLineOf([] {
    SetUpLog("agent", LogLevel::kInfo, LogFormat::kJson);
    LogInfo("caf\xe9", {{"value", "\xff\xfe"}, {"cut", "\xe2\x82"}});
  });
  EXPECT_EQ(line["message"], "caf\ufffd");
  EXPECT_EQ(line["value"], "\ufffd\ufffd");
  EXPECT_EQ(line["cut"], "\ufffd");
}

TEST(JsonLog, IsPlainAscii) {
  const std::vector<std::string> lines = LinesOf([] {
    SetUpLog("agent", LogLevel::kInfo, LogFormat::kJson);
    LogInfo("J\u00fclich\x1b\x7f\u0085");
  });
  EXPECT_THAT(lines, ElementsAre(testing::EndsWith(R"("message":"J\u00fclich\u001b\u007f\u0085"})")));
}

TEST(JsonLog, KeepsBothValuesOfAKeyThatIsTaken) {
  const nlohmann::json line = JsonLineOf([] {
    SetUpLog("agent", LogLevel::kInfo, LogFormat::kJson);
    LogInfo("text", {{"level", "9"}, {"site", "a"}, {"site", "b"}, {"site", "c"}});
  });
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["level_"], "9");
  EXPECT_EQ(line["site"], "a");
  EXPECT_EQ(line["site_"], "b");
  EXPECT_EQ(line["site__"], "c");
}

TEST(Log, LeavesOutWhatIsBelowTheLevel) {
  const auto log_all = [] {
    LogDebug("d");
    LogInfo("i");
    LogWarn("w");
    LogError("e");
  };
  struct Case {
    LogLevel level;
    std::vector<std::string> names;
  };
  for (const Case& c :
       {Case{LogLevel::kDebug, {"debug", "info", "warn", "error"}}, Case{LogLevel::kInfo, {"info", "warn", "error"}},
        Case{LogLevel::kWarn, {"warn", "error"}}, Case{LogLevel::kError, {"error"}}}) {
    std::vector<std::string> names;
    for (const std::string& line : LinesOf([&] {
           SetUpLog("agent", c.level, LogFormat::kJson);
           log_all();
         })) {
      names.push_back(nlohmann::json::parse(line)["level"]);
    }
    EXPECT_EQ(names, c.names);
  }
}

TEST(HumanLog, ReadsAsASentenceWithFields) {
  EXPECT_EQ(HumanLineOf("site enrolled", {{"site", "hpc-7"}, {"serial", "3"}}),
            "info  site enrolled site=hpc-7 serial=3");
}

TEST(HumanLog, QuotesWhatIsNotOnePlainWord) {
  EXPECT_EQ(HumanLineOf("said", {{"why", "no such file"}, {"empty", ""}, {"pair", "a=b"}, {"quote", "\""}}),
            R"(info  said why="no such file" empty="" pair="a=b" quote="\"")");
}

TEST(HumanLog, LetsNoControlCharacterReachTheTerminal) {
  EXPECT_EQ(HumanLineOf("two\nlines", {{"red", "\x1b[31m"}, {"csi", "\u009b"}}),
            R"(info  "two\nlines" red="\u001b[31m" csi="\u009b")");
}

TEST(Log, IsHumanOnATerminal) {
  int controller_number = -1;
  int terminal_number = -1;
  ASSERT_EQ(::openpty(&controller_number, &terminal_number, nullptr, nullptr, nullptr), 0);
  const FileDescriptor controller(controller_number);
  const FileDescriptor terminal(terminal_number);
  RunWithStandardError(terminal.number(), [] {
    SetUpLog("agent", LogLevel::kInfo, LogFormat::kAuto);
    LogWarn("hello");
  });
  std::array<char, 200> buffer{};
  const ssize_t count = ::read(controller.number(), buffer.data(), buffer.size());
  ASSERT_GT(count, 0);
  EXPECT_THAT(std::string(buffer.data(), static_cast<size_t>(count)), testing::EndsWith(" warn  hello\r\n"));
}

TEST(Log, LinesOfSeveralThreadsDoNotMix) {
  const std::vector<std::string> lines = LinesOf([] {
    SetUpLog("agent", LogLevel::kInfo, LogFormat::kJson);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([] {
        for (int line = 0; line < 100; ++line) {
          LogInfo("text", {{"value", std::string(300, 'x')}});
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  });
  EXPECT_EQ(lines.size(), 400U);
  for (const std::string& line : lines) {
    EXPECT_EQ(nlohmann::json::parse(line)["value"], std::string(300, 'x'));
  }
}

}  // namespace
}  // namespace turnpike
