#pragma once
// The job that every bench submits: about 550 bytes, of which the script, unlike every other's, is half.

#include <turnpike/v1/job_spec.pb.h>

#include <cstdint>

namespace turnpike {

// The same number gives the same job.
v1::JobSpec SampleJob(int64_t number);

}  // namespace turnpike
