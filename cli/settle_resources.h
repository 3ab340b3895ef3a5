#pragma once
// Amounts that mean something only together with others become fields of the spec, by sbatch's own rules: GPUs over all
// nodes or per task, cores and memory per GPU, tasks per node without tasks.

#include "cli/spec_draft.h"

namespace turnpike {

// INVALID_ARGUMENT when they do not add up, with the numbers.  What was derived is noted in draft.origins.
Status SettleResources(SpecDraft& draft);

}  // namespace turnpike
