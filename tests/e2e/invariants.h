#pragma once
// Looks through everything that a run left (the database, the agents' journals, the payload's own log) for what must
// never be, by the numbers of docs/faults.md.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "tests/e2e/database.h"

namespace turnpike {

// A job as a site's scheduler has it.
struct LocalJobRow {
  std::string site;
  std::string local_id;
  std::string tag;
  std::string state;  // Slurm's word
};

// One look at a process.
struct ProcessSample {
  std::string name;
  int64_t memory_kib = 0;
  int64_t descriptors = 0;
  int64_t threads = 0;
};

struct RunEvidence {
  Database& database;
  std::string payload_log;                      // tests/e2e/payload.h
  std::string call_history;                     // tests/e2e/call_history.h
  std::map<std::string, std::string> journals;  // folders by site
  std::vector<LocalJobRow> local_jobs = {};
  std::vector<ProcessSample> samples = {};
};

// OK, or the first violated invariant.  To be asked when every job has ended and is settled.
Status CheckInvariants(const RunEvidence& evidence);
// The first of each part that follows.
std::vector<Status> FindViolations(const RunEvidence& evidence);

Status CheckCalls(const RunEvidence& evidence);      // I1, I19
Status CheckJobs(const RunEvidence& evidence);       // I2, I3, I10, I20
Status CheckStarts(const RunEvidence& evidence);     // I4, I5, I8, I11, I12
Status CheckMoney(const RunEvidence& evidence);      // I6, I7, I8, I9
Status CheckJournals(const RunEvidence& evidence);   // I13
Status CheckLocalJobs(const RunEvidence& evidence);  // I11
Status CheckProcesses(const RunEvidence& evidence);  // I18

}  // namespace turnpike
