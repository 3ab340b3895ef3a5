#pragma once
// How much of the machine a process has at this moment.

#include <optional>
#include <string>

#include "base/child_process.h"
#include "tests/e2e/invariants.h"

namespace turnpike {

// nullopt: it has ended.
std::optional<ProcessSample> SampleProcess(const std::string& name, const ProcessIdentity& process);

}  // namespace turnpike
