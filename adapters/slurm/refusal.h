#pragma once
// What sbatch's words say about whether a job exists.  A closed list: a message stands here only where Slurm gives it
// before it makes the job's record, or where nothing was sent.  Every other answer, a time-out above all, may have left
// a job behind.
// ("Requested node configuration is not available" does: a FAILED job with an id.)

#include <span>
#include <string>
#include <string_view>

#include "adapters/core/scheduler.h"
#include "base/child_process.h"

namespace turnpike::slurm {

struct RefusalMessage {
  std::string_view text;
  SubmitOutcome::Kind kind;  // kRefused or kBackPressure
};

extern const std::span<const RefusalMessage> kControllerRefusals;  // after "Batch job submission failed: "
extern const std::span<const RefusalMessage> kClientRefusals;  // sbatch's own, before it asks the controller; a prefix

struct FailureVerdict {
  SubmitOutcome::Kind kind = SubmitOutcome::Kind::kAmbiguous;
  std::string detail;
};

// For a submission that did not succeed.
FailureVerdict JudgeFailedSubmission(const ChildResult& result);

}  // namespace turnpike::slurm
