#pragma once
// What an attempt used: amounts times seconds, clamped to what makes sense (a scheduler's rows may hold anything).

#include <chrono>
#include <optional>

#include "adapters/core/local_job.h"
#include "base/resources.h"

namespace turnpike {

// nullopt: negative, or so large that it overflows.
std::optional<ResourceSeconds> UsageOver(const ResourceAmounts& amounts, std::chrono::seconds elapsed);
// From what the source says of an ended or running job; nullopt where it does not say, or says nonsense.
std::optional<ResourceSeconds> UsageOf(const LocalJobView& job);

}  // namespace turnpike
