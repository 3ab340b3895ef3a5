#pragma once
// Reads words as getopt_long does for sbatch: "-N2", "-N 2", "-HN2", "--nodes=2", "--nodes 2", unambiguous beginnings
// of long names; the first word that is no flag, or "--", ends it.  Pure.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "cli/submit_option.h"

namespace turnpike {

struct Flag {
  const SubmitOption* option = nullptr;
  std::string value;
  bool has_value = false;
};

struct ParsedFlags {
  std::vector<Flag> flags;
  size_t operands_begin = 0;  // index of the first word that is no flag
  bool after_dashes = false;  // "--" stood before it
};

Result<ParsedFlags> ParseFlags(const OptionSet& options, std::span<const std::string> words);

}  // namespace turnpike
