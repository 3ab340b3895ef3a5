#pragma once
// The processes of one data folder: a server that runs, and what a killed one left behind.  A process belongs to the
// folder when its program is "postgres" and its working directory is that folder: a number in a pid file proves
// nothing.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/child_process.h"
#include "base/status.h"

namespace turnpike {

// The server named in the folder's postmaster.pid, if it runs.
std::optional<ProcessIdentity> RunningServer(const std::string& data_folder);
std::vector<ProcessIdentity> ProcessesOf(const std::string& data_folder);
// After the server itself was killed: its children may hold the shared memory, and no new server starts while they do.
// DEADLINE_EXCEEDED where one cannot be ended.
Status EndOrphans(const std::string& data_folder, std::chrono::milliseconds time);

}  // namespace turnpike
