#pragma once
// A small job that everything accepts, for tests to change.

#include <string>

#include "adapters/core/local_job.h"
#include "adapters/core/local_tag.h"
#include "base/ids.h"

namespace turnpike::slurm {

inline LocalJob MakeJob(const AttemptId& attempt_id) {
  LocalJob job;
  job.attempt_id = attempt_id;
  job.tag = LocalTag(attempt_id);
  job.comment = LocalComment(job.tag, "key of the site");
  job.time_limit = std::chrono::minutes(5);
  job.wrapper = "#!/bin/sh\nexit 0\n";
  job.directory = "/tmp";
  job.output_path = "/dev/null";
  job.error_path = "/dev/null";
  return job;
}

}  // namespace turnpike::slurm
