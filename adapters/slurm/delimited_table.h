#pragma once
// Output of squeue and sacct as a table whose separator nobody can guess.  Job names and comments are anybody's text:
// they may hold
// '|' and even line ends (seen on Slurm 22.05), so that a stranger's job could forge a row of ours.  The separator is
// therefore drawn at random for each call, stands behind every field, and a row ends only with separator and line end.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace turnpike::slurm {

class DelimitedTable {
 public:
  // `text` opens with the header.  Refused: an empty answer, NUL, a row with too few or too many fields, a cut-off last
  // row. Without a trailing separator in the header, rows end with the line (sacct -P).
  static Result<DelimitedTable> Parse(std::string_view text, std::string_view separator);

  // The columns' places, in the order asked for; an error names every one that is missing.
  Result<std::vector<size_t>> Find(const std::vector<std::string_view>& names) const;

  const std::vector<std::vector<std::string_view>>& rows() const { return rows_; }

 private:
  std::vector<std::string_view> header_;
  std::vector<std::vector<std::string_view>> rows_;  // views into the caller's text
};

}  // namespace turnpike::slurm
