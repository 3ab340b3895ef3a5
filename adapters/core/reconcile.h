#pragma once
// The recovery table of docs/dispatch.md as one pure function: what is known of an attempt and what one round shows of
// it give what has to be done.  Nothing here acts; the agent's round journals the decision first and acts on it after.

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "adapters/core/attempt_record.h"
#include "adapters/core/evidence.h"
#include "adapters/core/job_report.h"

namespace turnpike {

struct ReconcilePolicy {
  std::chrono::seconds settle_time{60};  // absence must last this long, over two complete reads at least
  std::chrono::seconds record_wait{
      15};  // how long the wrapper's record may lag behind the scheduler (shared file systems)
  std::chrono::seconds usage_wait{300};    // then usage is reported from the wrapper's record, as provisional
  std::chrono::hours correction_wait{48};  // from the end: so long accounting may still correct what was provisional
};

struct Moment {
  Timestamp civil{};
  MonotonicTime monotonic{};
};

struct Decision {
  std::string_view rule;                   // which rule decided, for the log
  AttemptRecord record;                    // as it is after this decision; to be journaled where it differs
  std::vector<Fact> facts{};               // to be reported, in this order
  bool take_guard = false;                 // then gather evidence again and reconcile once more
  bool submit = false;                     // hand it to the scheduler (a first time from kGo, or again from kAmbiguous)
  std::vector<LocalJobIdentity> cancel{};  // local jobs to end: the job itself, or copies too many
};

Decision Reconcile(const AttemptRecord& record, const Evidence& evidence, const ReconcilePolicy& policy,
                   const Moment& now);

// Says what the scheduler answered to a submission that Reconcile asked for.
Decision ApplySubmitOutcome(const AttemptRecord& record, const SubmitOutcome& outcome);
// It cannot even be handed over; only for an attempt of which no copy can be anywhere.
Decision RefuseBeforeStart(const AttemptRecord& record, NotStartedFact why);
// GO has come: a spawn may begin until `lease_end`.
Decision ApplyGo(const AttemptRecord& record, MonotonicTime lease_end);
// Takes the offer, or asks for GO again.
Decision ApplyClaim(const AttemptRecord& record);

}  // namespace turnpike
