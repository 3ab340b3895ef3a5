#pragma once
// How attempts and reports stand in the journal: plain bytes (base/byte_codec.h).  Fields are only ever added at the
// end.

#include <string>
#include <string_view>

#include "adapters/core/attempt_record.h"
#include "adapters/core/job_report.h"
#include "base/status.h"

namespace turnpike {

// Without the order, which the journal keeps once, apart.
std::string EncodeAttempt(const AttemptRecord& record);
Result<AttemptRecord> DecodeAttempt(std::string_view bytes);

std::string EncodeReport(const JobReport& report);
Result<JobReport> DecodeReport(std::string_view bytes);

}  // namespace turnpike
