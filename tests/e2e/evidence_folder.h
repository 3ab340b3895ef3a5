#pragma once
// What a run leaves for the checker, in one folder:
//
//   database      how libpq finds the database
//   calls.log     what clients asked and were told (tests/e2e/call_history.h)
//   payload.log   what the payloads themselves wrote (tests/e2e/payload.h)
//   journals      a line for each site: its name, its journal's folder
//   local_jobs    a line for each job that a site's scheduler knows: site, local id, tag, state
//   samples       a line for each look at a process: name, KiB of memory, descriptors, threads

#include <memory>
#include <string>

#include "base/status.h"
#include "tests/e2e/database.h"
#include "tests/e2e/invariants.h"

namespace turnpike {

// Writes all but the two logs, which are there.
Status WriteEvidence(const std::string& folder, const std::string& database_address, const RunEvidence& evidence);

struct LoadedEvidence {
  std::unique_ptr<Database> database;
  std::unique_ptr<RunEvidence> run;
};
Result<LoadedEvidence> LoadEvidence(const std::string& folder);

}  // namespace turnpike
