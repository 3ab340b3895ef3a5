#pragma once
// How a started attempt ended: the wrapper's record tells that the program ran to its end and with what; the scheduler
// tells why it was ended, and what it used.

#include <string_view>

#include "adapters/core/attempt_record.h"
#include "adapters/core/evidence.h"
#include "adapters/core/reconcile.h"

namespace turnpike {

struct EndSources {
  const ExitRecord* exit = nullptr;
  const LocalJobView* job = nullptr;  // its row, over
};

// Whoever puts a job back into the queue ends its program first: that is no end of the user's.
bool WasKilledToRunAgain(const AttemptRecord& record, const Evidence& evidence);
// At least one source is there.
EndedFact MakeEnd(const AttemptRecord& record, const EndSources& sources, Timestamp now);
// Its row is over, and its wrapper never took the guard.
NotStartedFact MakeNotStarted(const LocalJobView& job);
// The site took the run away: to be reported as interrupted, not as ended.
bool IsInterruption(const EndedFact& end);
InterruptedFact MakeInterruption(const AttemptRecord& record, std::string detail);
// Its row ended with a code of the wrapper's own, after the guard was taken.
std::string_view LossDetail(const LocalJobView& job);
// What was asked for, over the time it ran.
std::optional<UsageFact> ProvisionalUsage(const AttemptRecord& record, const EndedFact& end);

}  // namespace turnpike
