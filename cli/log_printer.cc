#include "cli/log_printer.h"

#include <fmt/format.h>

#include <algorithm>

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

}  // namespace

LogPrinter::LogPrinter(const Settings& settings)
    : settings_(settings),
      keep_lines_(settings.tail),
      expected_(std::max<int64_t>(0, settings.offset)),
      any_begin_(settings.offset < 0 || settings.tail.has_value()) {}

bool LogPrinter::Take(const v1::ReadLogResponse& piece) {
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

bool LogPrinter::ReleaseTail() {
  keep_lines_.reset();
  any_begin_ = false;
  return Print(false);
}

void LogPrinter::Say(const std::string& note) {
  settings_.notes << EscapeLine(note) << "\n" << std::flush;
}

void LogPrinter::SayWait(const std::string& waiting_for) {
  if (waiting_for != said_) {
    said_ = waiting_for;
    Say(fmt::format("({})", waiting_for));
  }
}

void LogPrinter::NoteAttempt(const v1::ReadLogResponse& piece) {
  if (attempt_ != 0 && piece.attempt() != attempt_) {
    Say(fmt::format("(attempt {})", piece.attempt()));
    expected_ = 0;
    any_begin_ = false;
  }
  attempt_ = piece.attempt();
}

void LogPrinter::NoteGap(const v1::ReadLogResponse& piece) {
  if (piece.offset() > expected_ && !any_begin_) {
    Say(fmt::format("({} bytes are not kept and left out here)", piece.offset() - expected_));
  }
  any_begin_ = false;
}

void LogPrinter::DropLinesBefore(int lines) {
  size_t begin = text_.size();
  // A line that ends the text is not counted twice.
  for (int seen = text_.ends_with('\n') ? -1 : 0; begin > 0; --begin) {
    if (text_[begin - 1] == '\n' && ++seen == lines) {
      break;
    }
  }
  text_.erase(0, lines == 0 ? text_.size() : begin);
}

bool LogPrinter::Print(bool to_the_end) {
  if (settings_.escape) {
    const size_t held = to_the_end ? 0 : CutCharacterSize(text_);
    settings_.out << EscapeLines(std::string_view(text_).substr(0, text_.size() - held));
    text_.erase(0, text_.size() - held);
  } else {
    settings_.out << text_;
    text_.clear();
  }
  return static_cast<bool>(settings_.out.flush());
}

}  // namespace turnpike
