#pragma once
// What `turnpike submit` understands: options, each in exactly one class.  The tables are cli/sbatch_flags (Slurm's)
// and cli/turnpike_flags (Turnpike's own).

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace turnpike {

struct Setting;
struct SpecDraft;

// As getopt_long: an optional argument stands in the same word ("--nice=5").
enum class OptionArgument { kNone, kRequired, kOptional };

enum class OptionClass {
  kMapped,     // becomes a field of the job spec, or a switch of the command itself
  kSiteBound,  // kept as a site flag: counts only where the site's own map knows it
  kAdvisory,   // accepted without effect, with a note that says what happens instead
  kRefused,    // refused by name: why, and what to use instead
};

using OptionConverter = Status (*)(const Setting& setting, SpecDraft& draft);

struct SubmitOption {
  std::string_view name;  // long name without dashes
  char letter = '\0';     // short name, if it has one
  OptionArgument argument = OptionArgument::kNone;
  OptionClass kind = OptionClass::kRefused;
  std::string_view field = {};        // mapped: the path in the job spec; empty: a switch of the command
  std::string_view text = {};         // mapped: help; else the note or the reason
  OptionConverter convert = nullptr;  // mapped
  bool repeatable = false;            // every mention in the strongest layer counts, not only the last
};

// The options that one dialect knows: where two tables have a name or letter in common, the earlier table wins.
class OptionSet {
 public:
  explicit OptionSet(std::vector<std::span<const SubmitOption>> tables) : tables_(std::move(tables)) {}

  // By its name or, as getopt_long does, by a beginning that only one option has.  INVALID_ARGUMENT with a suggestion.
  Result<const SubmitOption*> FindName(std::string_view name) const;
  Result<const SubmitOption*> FindLetter(char letter) const;

  // Each option once, in the tables' order.
  std::vector<const SubmitOption*> All() const;

 private:
  std::vector<std::span<const SubmitOption>> tables_;
};

}  // namespace turnpike
