#include "broker/rpc/find_job.h"

#include <charconv>

#include "base/error_reason.h"

namespace turnpike {

Status NoSuchJob(const std::string& name) {
  return WithReason(NotFound("there is no job '{}' in your project", name), ErrorReason::kNotFound, {{"job", name}});
}

Result<JobId> FindJob(JobStore& jobs, ProjectId project_id, const std::string& name) {
  if (const std::optional<JobId> id = JobId::Parse(name)) {
    return *id;
  }
  int64_t number = 0;
  const char* end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data(), end, number);
  if (error != std::errc() || rest != end) {
    return NoSuchJob(name);
  }
  return jobs.FindByNumber(project_id, number);
}

}  // namespace turnpike
