#pragma once
// Prints what a job wrote, piece by piece as it comes: data alone on `out`, all notes on `notes`.  What is left out is
// told where it is missing.

#include <turnpike/v1/job_service.pb.h>

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

namespace turnpike {

class LogPrinter {
 public:
  struct Settings {
    std::ostream& out;
    std::ostream& notes;
    bool escape = false;           // `out` is a terminal: nothing in the output may act on it
    int64_t offset = 0;            // where the first piece should begin; negative: anywhere
    std::optional<int> tail = {};  // only the last lines, until ReleaseTail
  };
  explicit LogPrinter(const Settings& settings);

  // False: `out` is gone.
  bool Take(const v1::ReadLogResponse& piece);
  // The kept lines now; from here on all that comes.
  bool ReleaseTail();
  bool PrintRest() { return Print(true); }
  int64_t next_offset() const { return expected_; }

 private:
  void Say(const std::string& note);
  void SayWait(const std::string& waiting_for);
  void NoteAttempt(const v1::ReadLogResponse& piece);
  void NoteGap(const v1::ReadLogResponse& piece);
  void DropLinesBefore(int lines);
  // On a terminal nothing in the output may act, and no character is cut in two.
  bool Print(bool to_the_end);

  const Settings settings_;
  std::optional<int> keep_lines_;
  std::string text_;  // to be printed
  std::string said_;  // what was waited for last
  int attempt_ = 0;
  int64_t expected_ = 0;    // where the next piece begins, if nothing is left out
  bool any_begin_ = false;  // wherever the first piece begins, nothing is missing
};

}  // namespace turnpike
