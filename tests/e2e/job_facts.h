#pragma once
// What a job's own words say, as values.

#include <turnpike/v1/job.pb.h>

#include <cstdint>

namespace turnpike {

bool HasEnded(const v1::Job& job);
// What it was charged so far.
int64_t ChargedMicros(const v1::Job& job);

}  // namespace turnpike
