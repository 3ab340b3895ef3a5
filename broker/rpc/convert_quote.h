#pragma once
// Verdicts of shares from the core to the contract.

#include "broker/actions/explain_job.h"
#include "broker/actions/quote_job.h"
#include "turnpike/v1/job_service.pb.h"

namespace turnpike {

v1::ShareVerdict ToProto(const ExplainedShare& share);
v1::QuoteJobResponse ToProto(const JobQuote& quote);
// Without the job.
v1::ExplainJobResponse ToProto(const JobExplanation& explanation);

}  // namespace turnpike
