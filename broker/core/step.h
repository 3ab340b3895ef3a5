#pragma once
// The one place where a job or an attempt gets another state.  Pure.

#include "base/status.h"
#include "broker/core/report_rules.h"

namespace turnpike {

// INTERNAL: the table has no such step, so it is ours to mend; nothing has changed.
Status Step(JobState& state, JobEvent event);
Status Step(JobView& job, JobEvent event);
Status Step(AttemptStanding& attempt, AttemptEvent event);

}  // namespace turnpike
