#include "bench/reference/raw_update.h"

#include <algorithm>

namespace turnpike {
namespace {

constexpr size_t kJobsPerTransaction = 1'000;

// $1 jobs, $2 states of the site, $3 reasons.
constexpr char kUpdate[] = R"sql(
    UPDATE job_state AS s
       SET version = s.version + 1,
           site_state = new.site_state,
           reason = new.reason
      FROM unnest($1::uuid[], $2::text[], $3::text[]) AS new(job_id, site_state, reason)
     WHERE s.job_id = new.job_id
)sql";

}  // namespace

Result<RawUpdate> RawUpdate::Make(RawCopy& from, RawCopy& into, std::unique_ptr<Connection> connection) {
  ASSIGN_OR_RETURN(const std::string rows, from.CopyOut("SELECT * FROM job_state ORDER BY job_id"));
  RETURN_IF_ERROR(into.Execute("TRUNCATE job_state"));
  RETURN_IF_ERROR(into.CopyIn("job_state", rows));
  RETURN_IF_ERROR(into.Execute("VACUUM (ANALYZE) job_state"));
  return RawUpdate(std::move(connection));
}

Status RawUpdate::Update(const std::vector<JobId>& jobs, const std::string& words) {
  for (size_t first = 0; first < jobs.size(); first += kJobsPerTransaction) {
    const size_t last = std::min(first + kJobsPerTransaction, jobs.size());
    const std::vector<JobId> some(jobs.begin() + static_cast<std::ptrdiff_t>(first),
                                  jobs.begin() + static_cast<std::ptrdiff_t>(last));
    const std::vector<std::string> texts(some.size(), words);
    ASSIGN_OR_RETURN(const Rows rows,
                     connection_->Execute(kUpdate, Params().IdArray(some).TextArray(texts).TextArray(texts)));
    if (rows.affected() != static_cast<int64_t>(some.size())) {
      return Internal("the reference updated {} rows of {}", rows.affected(), some.size());
    }
  }
  return OkStatus();
}

}  // namespace turnpike
