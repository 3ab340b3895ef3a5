#pragma once
// Turnpike's own options of `turnpike submit` and of #TP lines; where a name is Slurm's too (--prefer), #TP and the
// command line mean Turnpike's.

#include <span>

#include "cli/submit_option.h"

namespace turnpike {

std::span<const SubmitOption> TurnpikeOptions();

// What a #TP line and the command line know: Turnpike's own options, then Slurm's.
const OptionSet& TurnpikeDialect();

}  // namespace turnpike
