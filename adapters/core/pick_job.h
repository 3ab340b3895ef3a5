#pragma once
// Which of the local jobs that carry an attempt's tag is the attempt's own; the others are copies too many.

#include "adapters/core/attempt_record.h"
#include "adapters/core/evidence.h"
#include "adapters/core/local_job.h"

namespace turnpike {

// Sources round to seconds.  A moment that a source does not say (the epoch) equals any.
bool IsSameSubmitTime(Timestamp left, Timestamp right);
bool IsNamedBy(const LocalJobView& job, const LocalJobIdentity& identity);
LocalJobIdentity NameOf(const LocalJobView& job);

// In the scheduler's hands: also a job whose state we cannot read.
inline bool IsAlive(const LocalJobView& job) {
  return job.state != LocalState::kEnded;
}
// Over, and its row says something about the program: not the wrapper's own refusal to start.
bool EndCounts(const LocalJobView& job);

// The job that took the guard, if its record names one; else the one that the journal names; else, while the journal
// names none or that one is gone and the guard is free, the one that is furthest along.  nullptr: none.
const LocalJobView* PickJob(const AttemptRecord& record, const Evidence& evidence);

}  // namespace turnpike
