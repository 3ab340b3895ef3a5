#pragma once
// A job as a caller names it: by its id, or by its number as text.

#include <string>

#include "broker/ports/job_store.h"

namespace turnpike {

Status NoSuchJob(const std::string& name);

// NOT_FOUND for what is neither, and for another project's job.
Result<JobId> FindJob(JobStore& jobs, ProjectId project_id, const std::string& name);

}  // namespace turnpike
