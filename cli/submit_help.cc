#include "cli/submit_help.h"

#include <fmt/ranges.h>

#include <span>
#include <vector>

#include "cli/sbatch_flags.h"
#include "cli/turnpike_flags.h"

namespace turnpike {
namespace {

constexpr std::string_view kBeginning = R"(Sends a job to the federation: where it runs is found for you.

  turnpike submit [FLAGS] SCRIPT [ARGUMENTS]      a batch script; its #SBATCH and #TP lines are read
  turnpike submit [FLAGS] < SCRIPT                the same from standard input
  turnpike submit [FLAGS] --wrap='COMMAND LINE'   a line for /bin/sh
  turnpike submit [FLAGS] -- PROGRAM [ARGUMENTS]  a program, without a shell

A flag overrides the environment (TURNPIKE_TIME=30 is --time=30), and that overrides a line in the script.

Examples
  turnpike submit --time=2:00:00 --nodes=2 --gpus-per-node=a100:4 train.sh
  turnpike submit --wait --prefer=cheapest --budget=20 -- python3 fit.py data.csv
  turnpike submit --print-spec train.sh           what would be sent, and where each part was said
  turnpike submit --dry-run train.sh              let the broker check it; nothing is stored
)";

constexpr std::string_view kEnd = R"(
With --wait the exit code is the job's: its own, 128 + signal, 124 time limit, 103 cancelled, 100 failed without a code.
Ctrl-C while waiting never cancels the job.
)";

std::string MappedText(std::span<const SubmitOption> options) {
  std::string text;
  for (const SubmitOption& option : options) {
    if (option.kind == OptionClass::kMapped) {
      const std::string letter = option.letter == '\0' ? "   " : fmt::format("-{},", option.letter);
      text += fmt::format("  {} --{:<18} {}\n", letter, option.name, option.text);
    }
  }
  return text;
}

std::string NamesOf(OptionClass kind) {
  std::vector<std::string> names;
  std::string line = " ";
  std::string text;
  for (const SubmitOption& option : SbatchOptions()) {
    if (option.kind != kind) {
      continue;
    }
    if (line.size() + option.name.size() > 110) {
      text += line + "\n";
      line = " ";
    }
    line += fmt::format(" --{}", option.name);
  }
  return text + line + "\n";
}

}  // namespace

std::string SubmitHelp() {
  return fmt::format(
      "{}\nTurnpike's own flags, also on #TP lines\n{}\nSlurm's flags, also on #SBATCH and #TP lines\n{}"
      "\nKept for sites whose own map knows them, without effect elsewhere\n{}"
      "\nAccepted with a note, without effect\n{}\nRefused, with what to use instead\n{}{}",
      kBeginning, MappedText(TurnpikeOptions()), MappedText(SbatchOptions()), NamesOf(OptionClass::kSiteBound),
      NamesOf(OptionClass::kAdvisory), NamesOf(OptionClass::kRefused), kEnd);
}

}  // namespace turnpike
