#pragma once
// Submits single jobs at a rate, whatever becomes of those before: a crowd of clients that does not wait for each
// other.

#include <chrono>
#include <vector>

#include "bench/goals/bench_run.h"

namespace turnpike {

struct PacedTimes {
  double seconds = 0;  // from the first call to the last answer
  int64_t sent = 0;
  int64_t held_back = 0;               // not sent: too many calls were under way already
  int64_t failed = 0;                  // neither accepted nor refused for too much load
  int64_t untimed = 0;                 // refused without being told when to come back
  std::string failure;                 // the first of those
  std::vector<double> refused_micros;  // from the call to its refusal
  std::vector<JobId> accepted;
};

// `per_second` calls a second for so long.
Result<PacedTimes> SubmitPaced(BenchRun& run, double per_second, std::chrono::milliseconds length);

}  // namespace turnpike
