#pragma once
// One side of a round: submissions, timed.

#include <turnpike/v1/job_service.grpc.pb.h>

#include <vector>

#include "bench/goals/bench_run.h"
#include "bench/harness/call_load.h"
#include "bench/harness/side_timer.h"
#include "bench/reference/raw_copy.h"

namespace turnpike {

struct Submitted {
  TimedSide side;
  std::vector<JobId> jobs;      // sorted
  std::vector<RequestId> keys;  // sorted
};

// Who is asked.
struct SubmitTarget {
  std::shared_ptr<grpc::Channel> channel;
  int server_pid = 0;
  bool is_broker = true;  // what it accepts has to be there at the end
};
SubmitTarget BrokerOf(const BenchRun& run);

// `width` calls under way, each of `jobs_per_call` jobs; 0: SubmitJob instead of BatchSubmitJobs.
struct SubmitShape {
  int64_t jobs = 0;
  int jobs_per_call = 0;
  int width = 1;
};
Result<Submitted> SubmitTimed(BenchRun& run, const SubmitTarget& target, const SubmitShape& shape);

// The rows that these submissions made, in groups of so many jobs.
Result<std::vector<CopiedRows>> ReadGroups(RawCopy& from, const Submitted& submitted, size_t jobs_per_group);
// Into the reference's database, one transaction a group.
Result<TimedSide> CopyTimed(BenchRun& run, RawCopy& into, const std::vector<CopiedRows>& groups);
// Neither side of a round may pay for the other's dirty pages.
Status Checkpoint(BenchRun& run);

}  // namespace turnpike
