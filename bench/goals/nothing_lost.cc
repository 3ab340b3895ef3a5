// Not a goal but what every figure stands on: an accepted job outlives a crash of everything.

#include <algorithm>

#include "bench/goals/bench_run.h"

namespace turnpike {
namespace {

// How many of these jobs are whole: the job, its script, where it stands or how it ended, its hold and first event.
// $1 jobs.
constexpr char kWholeJobs[] = R"sql(
    SELECT count(*)
      FROM unnest($1::uuid[]) AS accepted(job_id)
      JOIN job AS j USING (job_id)
      JOIN payload AS p ON p.project_id = j.project_id AND p.sha256 = j.payload_sha256
      JOIN funds_hold USING (job_id)
     WHERE (EXISTS (SELECT FROM job_state AS s WHERE s.job_id = j.job_id)
            OR EXISTS (SELECT FROM job_end AS e WHERE e.job_id = j.job_id))
       AND EXISTS (SELECT FROM job_event AS v WHERE v.job_id = j.job_id AND v.kind = 'SUBMITTED')
)sql";

constexpr size_t kJobsPerLook = 20'000;

}  // namespace

Status CheckNothingLost(BenchRun& run) {
  RETURN_IF_ERROR(run.federation.KillAndRevive());
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> database, run.federation.OpenDatabase());
  RETURN_IF_ERROR(database->ExecuteScript("ANALYZE job, payload, funds_hold, job_state, job_end, job_event"));
  size_t found = 0;
  for (size_t i = 0; i < run.accepted.size(); i += kJobsPerLook) {
    const auto first = run.accepted.begin() + static_cast<std::ptrdiff_t>(i);
    const auto last =
        run.accepted.begin() + static_cast<std::ptrdiff_t>(std::min(i + kJobsPerLook, run.accepted.size()));
    const std::vector<JobId> jobs(first, last);
    ASSIGN_OR_RETURN(const Rows rows, database->Execute(kWholeJobs, Params().IdArray(jobs)));
    found += static_cast<size_t>(rows.Int(0, 0));
  }
  if (found != run.accepted.size()) {
    return DataLoss("the run is void: of {} accepted jobs {} are there after a crash of broker and database",
                    run.accepted.size(), found);
  }
  return OkStatus();
}

}  // namespace turnpike
