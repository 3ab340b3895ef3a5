#pragma once
// Looks through everything that a run left (the database, the agents' journals, the payload's own log) for what must
// never be, by the numbers of docs/faults.md.

#include <map>
#include <set>
#include <string>

#include "base/status.h"
#include "tests/e2e/database.h"
#include "tests/e2e/payload.h"

namespace turnpike {

struct RunEvidence {
  Database& database;
  const Payload& payload;
  std::set<std::string> accepted_jobs;          // ids that a client was told
  std::map<std::string, std::string> journals;  // folders by site
};

// OK, or the first violated invariant.  To be asked when every job has ended and is settled.
Status CheckInvariants(const RunEvidence& evidence);

// Parts of it, which the others call.
Status CheckJobs(const RunEvidence& evidence);      // I1, I2, I3, I4, I5, I10
Status CheckMoney(const RunEvidence& evidence);     // I6, I7, I8
Status CheckJournals(const RunEvidence& evidence);  // I13

}  // namespace turnpike
