// What the sites' schedulers and the machine itself say: I11 and I18 of docs/faults.md.
#include <set>

#include "tests/e2e/invariants.h"
#include "tests/e2e/violation.h"

namespace turnpike {
namespace {

// What a process of these small federations never needs, however often its peers die.
constexpr int64_t kMemoryKibMax = int64_t{512} * 1024;
constexpr int64_t kDescriptorsMax = 300;
constexpr int64_t kThreadsMax = 200;

bool IsLive(const std::string& state) {
  static const std::set<std::string> kLive = {"PENDING", "CONFIGURING", "RUNNING", "SUSPENDED", "COMPLETING"};
  return kLive.contains(state);
}

}  // namespace

Status CheckLocalJobs(const RunEvidence& evidence) {
  for (const LocalJobRow& row : evidence.local_jobs) {
    if (IsLive(row.state)) {
      return Violated("I11", "job {} ({}) of site {} is {}, and every job is over", row.local_id, row.tag, row.site,
                      row.state);
    }
  }
  return OkStatus();
}

Status CheckProcesses(const RunEvidence& evidence) {
  for (const ProcessSample& sample : evidence.samples) {
    if (sample.memory_kib > kMemoryKibMax || sample.descriptors > kDescriptorsMax || sample.threads > kThreadsMax) {
      return Violated("I18", "{} has {} KiB of memory, {} descriptors, {} threads; at most {}, {}, {} are expected",
                      sample.name, sample.memory_kib, sample.descriptors, sample.threads, kMemoryKibMax,
                      kDescriptorsMax, kThreadsMax);
    }
  }
  return OkStatus();
}

}  // namespace turnpike
