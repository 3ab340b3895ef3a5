#include "cli/logs_command.h"

#include <algorithm>

#include "cli/exit_code.h"
#include "cli/terminal_text.h"

namespace turnpike {
namespace {

// How much of the end of `text` is the beginning of a character whose rest is still to come.
size_t CutCharacterSize(std::string_view text) {
  constexpr size_t kCharacterMax = 4;
  for (size_t size = 1; size < kCharacterMax && size <= text.size(); ++size) {
    const auto byte = static_cast<unsigned char>(text[text.size() - size]);
    if (byte >= 0xc0U) {
      const size_t whole = byte >= 0xf0U ? 4 : byte >= 0xe0U ? 3 : 2;
      return size < whole ? size : 0;
    }
    if (byte < 0x80U) {
      return 0;
    }
  }
  return 0;
}

// Prints the pieces as they come: data alone on standard output, all notes on standard error.
class LogPrinter {
 public:
  LogPrinter(const LogsOptions& options, CommandContext& context)
      : context_(context), keep_lines_(options.tail), expected_(std::max<int64_t>(0, options.offset)) {
    any_begin_ = options.offset < 0 || options.tail.has_value();
  }

  // False: standard output is gone.
  bool Take(const v1::ReadLogResponse& piece) {
    if (!piece.waiting_for().empty()) {
      SayWait(piece.waiting_for());
      return true;
    }
    NoteAttempt(piece);
    NoteGap(piece);
    expected_ = piece.offset() + static_cast<int64_t>(piece.data().size());
    text_ += piece.data();
    if (keep_lines_) {
      DropLinesBefore(*keep_lines_);
      return true;
    }
    return Print(false);
  }

  // The kept lines now; from here on all that comes.
  bool ReleaseTail() {
    keep_lines_.reset();
    any_begin_ = false;
    return Print(false);
  }
  bool PrintRest() { return Print(true); }
  int64_t next_offset() const { return expected_; }

 private:
  void Say(const std::string& note) { context_.terminal.err << EscapeLine(note) << "\n" << std::flush; }

  void SayWait(const std::string& waiting_for) {
    if (waiting_for != said_) {
      said_ = waiting_for;
      Say(fmt::format("({})", waiting_for));
    }
  }

  void NoteAttempt(const v1::ReadLogResponse& piece) {
    if (attempt_ != 0 && piece.attempt() != attempt_) {
      Say(fmt::format("(attempt {})", piece.attempt()));
      expected_ = 0;
      any_begin_ = false;
    }
    attempt_ = piece.attempt();
  }

  void NoteGap(const v1::ReadLogResponse& piece) {
    if (piece.offset() > expected_ && !any_begin_) {
      Say(fmt::format("({} bytes are not kept and left out here)", piece.offset() - expected_));
    }
    any_begin_ = false;
  }

  void DropLinesBefore(int lines) {
    size_t begin = text_.size();
    // A line that ends the text is not counted twice.
    for (int seen = text_.ends_with('\n') ? -1 : 0; begin > 0; --begin) {
      if (text_[begin - 1] == '\n' && ++seen == lines) {
        break;
      }
    }
    text_.erase(0, lines == 0 ? text_.size() : begin);
  }

  // On a terminal nothing in the output may act, and no character is cut in two.
  bool Print(bool to_the_end) {
    std::ostream& out = context_.terminal.out;
    if (context_.terminal.out_is_terminal) {
      const size_t held = to_the_end ? 0 : CutCharacterSize(text_);
      out << EscapeLines(std::string_view(text_).substr(0, text_.size() - held));
      text_.erase(0, text_.size() - held);
    } else {
      out << text_;
      text_.clear();
    }
    return static_cast<bool>(out.flush());
  }

  CommandContext& context_;
  std::optional<int> keep_lines_;
  std::string text_;  // to be printed
  std::string said_;  // what was waited for last
  int attempt_ = 0;
  int64_t expected_ = 0;    // where the next piece begins, if nothing is left out
  bool any_begin_ = false;  // wherever the first piece begins, nothing is missing
};

v1::ReadLogRequest RequestOf(const LogsOptions& options) {
  v1::ReadLogRequest request;
  request.set_job_id(options.job_id);
  request.set_stream(options.error ? v1::ReadLogRequest::STREAM_ERROR : v1::ReadLogRequest::STREAM_OUTPUT);
  request.set_follow(options.follow);
  request.set_attempt(options.attempt);
  request.set_offset(options.offset);
  return request;
}

Status ReadAll(const v1::ReadLogRequest& request, Client& client, CommandContext& context, LogPrinter& printer) {
  return client.ReadLog(request, context.stop,
                        [&printer](const v1::ReadLogResponse& piece) { return printer.Take(piece); });
}

}  // namespace

Result<int> RunLogs(const LogsOptions& options, CommandContext& context) {
  if (context.json) {
    return InvalidArgument("--json does not go with logs, which prints what the job wrote as it is");
  }
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  if (options.follow) {
    context.set_farewell(
        fmt::format("the job goes on: read on with turnpike logs -f {}, end it with turnpike cancel {}", options.job_id,
                    options.job_id));
  }
  v1::ReadLogRequest request = RequestOf(options);
  LogPrinter printer(options, context);
  if (options.tail) {
    request.set_follow(false);
    RETURN_IF_ERROR(ReadAll(request, *session.client, context, printer));
    printer.ReleaseTail();
    request.set_follow(options.follow);
    request.set_offset(printer.next_offset());
  }
  if (!options.tail || options.follow) {
    RETURN_IF_ERROR(ReadAll(request, *session.client, context, printer));
  }
  printer.PrintRest();
  return kExitOk;
}

}  // namespace turnpike
