#pragma once
// What the agent's journal knows of one attempt, and the rules by which that changes (docs/dispatch.md).
// A value: the journal owns the stored ones, reconciling reads them, only NextAttemptPhase says what comes after what.

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "adapters/core/job_report.h"
#include "adapters/core/local_job.h"
#include "base/ids.h"
#include "base/resources.h"
#include "base/time.h"

namespace turnpike {

enum class AttemptPhase {
  kOffered,      // seen, nothing promised
  kClaimed,      // taken; waits for GO
  kGo,           // may be submitted while the spawn lease lasts
  kIntent,       // about to be given to the scheduler
  kSubmitted,    // the local id is known
  kAmbiguous,    // the scheduler was asked, its answer is unknown
  kStarted,      // the wrapper took the guard
  kEnded,        // final: ran to its end
  kNotStarted,   // final: refused before anything could start
  kFenced,       // final: the agent took the guard, it can never start
  kInterrupted,  // final: began, then the site lost it
};
inline constexpr int kAttemptPhaseCount = 11;

enum class AttemptEvent {
  kClaim,          // the agent takes the offer, or asks for GO again
  kGo,             // the broker gave GO
  kRefuse,         // it will not be tried: not eligible, refused by the scheduler, a limit of the site
  kIntend,         // about to be given to the scheduler
  kAccepted,       // the scheduler has it, under a known id (answered, or found by its tag)
  kAnswerUnknown,  // the scheduler's answer is not known
  kStart,          // the guard was taken by the wrapper
  kEnd,            // it ran to its end
  kFence,          // the guard was taken by the agent
  kLose,           // it began, and no source knows what became of it
};
inline constexpr int kAttemptEventCount = 10;

// nullopt: not allowed.
std::optional<AttemptPhase> NextAttemptPhase(AttemptPhase from, AttemptEvent event);
bool IsFinal(AttemptPhase phase);
std::string_view AttemptPhaseName(AttemptPhase phase);
std::string_view AttemptEventName(AttemptEvent event);

// How often, and since when, complete reads of all sources did not show the attempt.
struct AbsenceCount {
  int reads = 0;
  MonotonicTime since{};
  friend bool operator==(const AbsenceCount&, const AbsenceCount&) = default;
};

struct AttemptRecord {
  AttemptId attempt_id;
  JobId job_id;
  int task_index = 0;
  int64_t fence = 0;
  AttemptPhase phase = AttemptPhase::kOffered;
  std::string local_user;      // the user the job runs as
  ResourceAmounts requested;   // what the order asks for, for provisional usage
  std::string order;           // serialized order, opaque here; empty for an attempt adopted after a lost journal
  bool cancel_wanted = false;  // the broker wants its end
  bool submit_unsure = false;  // some spawn's answer is unknown: a later refusal proves nothing about that one
  std::optional<NotStartedFact> give_up;   // what to say once the guard is ours
  std::optional<MonotonicTime> lease_end;  // no spawn after it; good within one boot of the host
  std::optional<LocalJobIdentity> identity;
  std::optional<Timestamp> start_time;
  std::optional<Timestamp> last_seen_time;  // when a source last showed it alive
  std::optional<UsageFact> last_usage;      // what a source last said that it used
  std::string site_state;                   // as last reported
  std::string site_reason;
  bool usage_owed = false;         // ended without usage: a UsageFact is still to come
  bool usage_provisional = false;  // with usage_owed: a provisional one was reported, the scheduler's own may follow
  std::optional<EndedFact> end;    // what was reported, where its usage comes later

  // Of this process alone, not journaled.
  std::optional<MonotonicTime> claim_sent;  // leases count from here
  AbsenceCount absence;
  std::optional<MonotonicTime>
      end_seen;  // since when the scheduler says that it is over while the wrapper's record is missing
  std::optional<MonotonicTime> usage_owed_since;

  std::string tag() const;
  friend bool operator==(const AttemptRecord&, const AttemptRecord&) = default;
};

}  // namespace turnpike
