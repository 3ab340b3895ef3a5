#pragma once
// The #SBATCH and #TP lines at the head of a batch script, read exactly as sbatch reads its own: only before the first
// line that is neither empty nor a comment, only where the word stands first on the line, with its quoting, and the
// last of equal flags wins. #SBATCH knows Slurm's flags; #TP knows the same ones and Turnpike's own.  Pure.

#include <string>
#include <string_view>
#include <vector>

#include "cli/setting.h"

namespace turnpike {

enum class DirectiveDialect { kSbatch, kTurnpike };

struct Directive {
  DirectiveDialect dialect = DirectiveDialect::kSbatch;
  int line = 0;
  std::vector<std::string> words;
  friend bool operator==(const Directive&, const Directive&) = default;
};

// Directives of another scheduler, which are not read: always said, never dropped in silence.
struct ForeignDirective {
  std::string word;  // "#PBS"
  int line = 0;
  friend bool operator==(const ForeignDirective&, const ForeignDirective&) = default;
};

struct ScriptHead {
  std::vector<Directive> directives;
  std::vector<ForeignDirective> foreign;
};

// INVALID_ARGUMENT names the file and line: an unmatched quotation mark, a heterogeneous job.
Result<ScriptHead> ReadScriptHead(std::string_view script, std::string_view file_name);

// The head's directives as settings of layer kDirective, in the order of the script.
Result<std::vector<Setting>> SettingsOf(const ScriptHead& head, std::string_view file_name);

}  // namespace turnpike
