#include "tests/e2e/job_facts.h"

#include "base/check.h"
#include "base/money.h"

namespace turnpike {

bool HasEnded(const v1::Job& job) {
  return job.state() == v1::JOB_STATE_COMPLETED || job.state() == v1::JOB_STATE_FAILED ||
         job.state() == v1::JOB_STATE_CANCELLED;
}

int64_t ChargedMicros(const v1::Job& job) {
  const Result<int64_t> micros = ParseMicros(job.money().charged());
  CHECK(micros.ok());
  return *micros;
}

}  // namespace turnpike
