#pragma once
// A JobSpec of the contract becomes what the core works with, and every field that is wrong or does not work yet is
// named.

#include <string>

#include "broker/actions/submit_jobs.h"
#include "turnpike/v1/job_spec.pb.h"

namespace turnpike {

// `path` is where the spec stands in its request: "spec", "specs[3]".  The draft's `invalid` tells whether it may be
// used.
JobDraft DecodeSpec(const v1::JobSpec& spec, const std::string& path);

}  // namespace turnpike
