#pragma once
// Jobs between the contract and the core.

#include "broker/core/job_view.h"
#include "turnpike/v1/job.pb.h"

namespace turnpike {

v1::Job ToProto(const JobView& view);
v1::JobState ToProto(JobState state);
std::optional<JobState> FromProto(v1::JobState state);

}  // namespace turnpike
