// turnpike logs: what is printed where, and what the broker is asked for.
#include "cli/logs_command.h"

#include <gmock/gmock.h>

#include "cli/arguments.h"
#include "cli/exit_code.h"
#include "tests/cli/fake_broker.h"

namespace turnpike {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

v1::ReadLogResponse Piece(int64_t offset, const std::string& data, int attempt = 1) {
  v1::ReadLogResponse piece;
  piece.set_attempt(attempt);
  piece.set_offset(offset);
  piece.set_data(data);
  return piece;
}

v1::ReadLogResponse Waiting(const std::string& what) {
  v1::ReadLogResponse piece;
  piece.set_waiting_for(what);
  return piece;
}

class LogsCommand : public testing::Test {
 protected:
  using Script = std::pair<std::vector<v1::ReadLogResponse>, Status>;

  // Each call of ReadLog gets the next of these; the last one stays.
  void Answer(std::vector<Script> scripts) {
    fixture_.broker->OnStream<v1::ReadLogRequest, v1::ReadLogResponse>(
        "JobService/ReadLog", [this, scripts = std::move(scripts)](const v1::ReadLogRequest& request) {
          requests_.push_back(request.ShortDebugString());
          return scripts[std::min(requests_.size(), scripts.size()) - 1];
        });
  }
  int Run(const std::vector<std::string>& words) {
    const auto parsed = ParseArguments(words);
    status_ = parsed.status();
    if (!parsed.ok()) {
      return -1;
    }
    const Result<int> code = RunLogs(std::get<LogsOptions>(std::get<Arguments>(*parsed).command), fixture_.context);
    status_ = code.status();
    return code.ok() ? *code : -1;
  }
  std::string out() const { return fixture_.out.str(); }
  std::string err() const { return fixture_.err.str(); }

  CommandFixture fixture_;
  std::vector<std::string> requests_;
  Status status_ = OkStatus();
};

TEST_F(LogsCommand, PrintsWhatIsKept) {
  Answer({{{Piece(0, "one\n"), Piece(4, std::string("\x1b\0", 2))}, OkStatus()}});
  EXPECT_EQ(Run({"logs", "42"}), kExitOk) << status_;
  EXPECT_EQ(out(), std::string("one\n\x1b\0", 6));
  EXPECT_EQ(err(), "");
  EXPECT_THAT(requests_, ElementsAre("job_id: \"42\" stream: STREAM_OUTPUT"));
}

TEST_F(LogsCommand, AsksForWhatTheFlagsSay) {
  Answer({{{}, OkStatus()}});
  EXPECT_EQ(Run({"logs", "42", "--error", "--attempt=3", "--offset=-100", "-f"}), kExitOk) << status_;
  EXPECT_THAT(requests_, ElementsAre("job_id: \"42\" stream: STREAM_ERROR follow: true offset: -100 attempt: 3"));
  EXPECT_THAT(fixture_.farewell, HasSubstr("the job goes on"));
}

TEST_F(LogsCommand, RefusesWhatMakesNoSense) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"logs"}, {"logs", "42", "--attempt=0"}, {"logs", "42", "--tail=1", "--offset=2"}}) {
    EXPECT_EQ(Run(words), -1);
    EXPECT_EQ(ExitCodeOf(status_), kExitInvalid) << status_;
  }
  fixture_.context.json = true;
  EXPECT_EQ(Run({"logs", "42"}), -1);
  EXPECT_EQ(ExitCodeOf(status_), kExitInvalid);
}

TEST_F(LogsCommand, SaysOnceWhatItWaitsForAlsoOverARestart) {
  Answer(
      {{{Waiting("placed at alpha"), Waiting("queued at alpha"), Waiting("queued at alpha")}, Unavailable("restart")},
       {{Waiting("queued at alpha"), Piece(0, "one"), Piece(0, "two", 2)}, Unavailable("restart")},
       {{Piece(3, "three", 2)}, OkStatus()},
       {{}, NotFound("no attempt 3")}});
  EXPECT_EQ(Run({"logs", "-f", "42"}), kExitOk) << status_;
  EXPECT_EQ(out(), "onetwothree");
  EXPECT_EQ(err(), "(placed at alpha)\n(queued at alpha)\n(attempt 2)\n");
}

TEST_F(LogsCommand, SaysWhatIsLeftOut) {
  Answer({{{Piece(100, "a"), Piece(200, "b"), Piece(201, "c")}, OkStatus()}});
  EXPECT_EQ(Run({"logs", "42"}), kExitOk) << status_;
  EXPECT_EQ(out(), "abc");
  EXPECT_EQ(err(),
            "(100 bytes are not kept and left out here)\n"
            "(99 bytes are not kept and left out here)\n");
}

TEST_F(LogsCommand, FromTheEndLeavesNothingOut) {
  Answer({{{Piece(100, "a")}, OkStatus()}});
  EXPECT_EQ(Run({"logs", "42", "--offset=-1"}), kExitOk) << status_;
  EXPECT_EQ(err(), "");
}

TEST_F(LogsCommand, PrintsTheLastLinesThenWhatComes) {
  Answer({{{Piece(0, "1\n2\n3"), Piece(5, "3\n4\n")}, OkStatus()}, {{Piece(9, "5\n")}, OkStatus()}});
  EXPECT_EQ(Run({"logs", "42", "--tail=2", "-f"}), kExitOk) << status_;
  EXPECT_EQ(out(), "33\n4\n5\n");
  EXPECT_THAT(requests_, ElementsAre("job_id: \"42\" stream: STREAM_OUTPUT",
                                     "job_id: \"42\" stream: STREAM_OUTPUT follow: true offset: 9"));
}

TEST_F(LogsCommand, CountsALineWithoutItsEnd) {
  Answer({{{Piece(0, "1\n2\n3")}, OkStatus()}});
  EXPECT_EQ(Run({"logs", "42", "--tail=2"}), kExitOk) << status_;
  EXPECT_EQ(out(), "2\n3");
}

TEST_F(LogsCommand, OnATerminalNothingInItActsAndNoCharacterIsCut) {
  fixture_.terminal.out_is_terminal = true;
  Answer({{{Piece(0, "\x1b[31m \xe2\x9c"), Piece(8, "\x93\n\xe2\x9c")}, OkStatus()}});
  EXPECT_EQ(Run({"logs", "42"}), kExitOk) << status_;
  EXPECT_EQ(out(), "\\x1b[31m \xe2\x9c\x93\n\\xe2\\x9c");
}

}  // namespace
}  // namespace turnpike
