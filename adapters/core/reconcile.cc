#include "adapters/core/reconcile.h"

#include <signal.h>

#include <utility>

#include "adapters/core/after_end.h"
#include "adapters/core/ending.h"
#include "adapters/core/pick_job.h"
#include "adapters/core/usage.h"
#include "base/check.h"

namespace turnpike {
namespace {

// Two complete reads at least, however long they are apart.
constexpr int kAbsentReadsMin = 2;

// One attempt's way through one round.  Each rule ends in Rule(name), so that log and tests can tell which one decided.
class Reconciler {
 public:
  struct Inputs {
    const Evidence& evidence;
    const ReconcilePolicy& policy;
    const Moment& now;
  };
  Reconciler(const AttemptRecord& record, const Inputs& inputs)
      : in_(inputs), directory_(inputs.evidence.directory), job_(PickJob(record, inputs.evidence)) {
    decision_.record = record;
  }

  Decision Run() {
    NoteSighting();
    if (IsFinal(record().phase)) {
      return AfterEnd(record(), {.evidence = in_.evidence, .job = job_}, in_.policy, in_.now);
    } else if (directory_.exit && WasKilledToRunAgain(record(), in_.evidence)) {
      NoteStart();
      Requeued();
    } else if (directory_.exit) {
      EndByRecord(*directory_.exit);
    } else if (directory_.guard == GuardState::kTakenByWrapper || record().phase == AttemptPhase::kStarted) {
      FollowRun();
    } else if (directory_.guard == GuardState::kTakenByAgent) {
      Fence();
    } else if (directory_.guard == GuardState::kFree) {
      FollowWait();
    } else {
      FollowBlindly();
    }
    return std::move(decision_);
  }

 private:
  AttemptRecord& record() { return decision_.record; }
  void Rule(std::string_view name) { decision_.rule = name; }

  void Pass(AttemptEvent event) {
    const std::optional<AttemptPhase> next = NextAttemptPhase(record().phase, event);
    CHECK(next.has_value());
    record().phase = *next;
  }

  // --- What this round shows, whatever follows from it.

  void NoteSighting() {
    if (job_ == nullptr) {
      return;
    }
    record().absence = {};
    if (IsAlive(*job_)) {
      record().last_seen_time = in_.now.civil;
    }
    if (const std::optional<ResourceSeconds> used = UsageOf(*job_)) {
      record().last_usage = UsageFact{.used = *used, .provisional = false};
    }
  }

  // The local id became known, or another copy turned out to be the one that counts.
  void Adopt() {
    if (job_ == nullptr || (record().identity && IsNamedBy(*job_, *record().identity))) {
      return;
    }
    Pass(AttemptEvent::kAccepted);
    record().identity = NameOf(*job_);
    decision_.facts.push_back(
        SubmittedFact{.cluster = job_->cluster, .local_job_id = job_->local_job_id, .submit_time = job_->submit_time});
  }

  void NoteStart() {
    if (record().phase == AttemptPhase::kStarted) {
      return;
    }
    Adopt();
    Pass(AttemptEvent::kStart);
    if (directory_.start) {
      record().start_time = directory_.start->start_time;
    } else if (directory_.exit) {
      record().start_time = directory_.exit->start_time;
    } else if (job_ != nullptr && job_->start_time) {
      record().start_time = job_->start_time;
    } else {
      record().start_time = in_.now.civil;
    }
    decision_.facts.push_back(StartedFact{.start_time = *record().start_time});
  }

  void NoteSiteState() {
    if (job_ == nullptr || (job_->raw_state == record().site_state && job_->raw_reason == record().site_reason)) {
      return;
    }
    record().site_state = job_->raw_state;
    record().site_reason = job_->raw_reason;
    decision_.facts.push_back(SiteStateChangedFact{.site_state = job_->raw_state, .site_reason = job_->raw_reason});
  }

  void CancelCopies() {
    for (const LocalJobView& job : in_.evidence.jobs) {
      if (&job != job_ && IsAlive(job)) {
        decision_.cancel.push_back(NameOf(job));
      }
    }
  }

  void CancelAll() {
    CancelCopies();
    if (job_ != nullptr && IsAlive(*job_)) {
      decision_.cancel.push_back(NameOf(*job_));
    }
  }

  // Counts this read if it shows a full absence; true when the absence has lasted long enough.
  bool IsGone() {
    if (in_.evidence.presence != Presence::kAbsent) {
      return false;
    }
    AbsenceCount& absence = record().absence;
    if (absence.reads == 0) {
      absence.since = in_.now.monotonic;
    }
    ++absence.reads;
    return absence.reads >= kAbsentReadsMin && in_.now.monotonic - absence.since >= in_.policy.settle_time;
  }

  // True once `wait` has passed since the first time this was asked in the present situation.
  bool WaitedForRecord(std::chrono::seconds wait) {
    if (!record().end_seen) {
      record().end_seen = in_.now.monotonic;
    }
    return in_.now.monotonic - *record().end_seen >= wait;
  }

  bool LeaseHolds() const {
    const std::optional<MonotonicTime>& lease_end = decision_.record.lease_end;
    return lease_end && in_.now.monotonic < *lease_end;
  }

  // --- The guard is free: nothing has started.

  void FollowWait() {
    if (record().cancel_wanted) {
      TakeGuard("cancelled before its start", {NotStartedKind::kFenced, "cancelled before its start"});
    } else if (record().give_up) {
      TakeGuard("given up", *record().give_up);
    } else if (job_ != nullptr && IsAlive(*job_)) {
      Adopt();
      NoteSiteState();
      CancelCopies();
      Rule("waits in the scheduler");
    } else if (job_ != nullptr) {
      EndedWithoutStart();
    } else {
      NotInScheduler();
    }
  }

  // Its row is over, and the wrapper never took the guard.
  void EndedWithoutStart() {
    if (job_->cause == EndCause::kProgramEnded && job_->exit_code == 0) {
      // Our wrapper ends well only after its program, for which it took the guard: this is not the folder it ran in.
      NoteSiteState();
      Rule("ended well, and its guard is free: nothing is believed");
    } else {
      TakeGuard("over without a start", MakeNotStarted(*job_));
    }
  }

  void NotInScheduler() {
    switch (record().phase) {
      case AttemptPhase::kGo:
        FirstSpawn();
        return;
      case AttemptPhase::kIntent:
      case AttemptPhase::kAmbiguous:
        LookedUpInVain();
        return;
      case AttemptPhase::kSubmitted:
        if (IsGone()) {
          TakeGuard("the scheduler forgot it", {NotStartedKind::kFenced, "the scheduler does not know it any more"});
        } else {
          Rule("not seen");
        }
        return;
      case AttemptPhase::kOffered:
      case AttemptPhase::kClaimed:
      case AttemptPhase::kStarted:
      case AttemptPhase::kEnded:
      case AttemptPhase::kNotStarted:
      case AttemptPhase::kFenced:
      case AttemptPhase::kInterrupted:
        Rule("waits for the broker");
        return;
    }
  }

  void FirstSpawn() {
    if (LeaseHolds()) {
      Spawn("first spawn");
      return;
    }
    Pass(AttemptEvent::kClaim);
    record().lease_end.reset();
    record().claim_sent.reset();
    decision_.facts.push_back(ClaimedFact{});
    Rule("lease over before the spawn");
  }

  void LookedUpInVain() {
    if (record().phase == AttemptPhase::kIntent) {
      Pass(AttemptEvent::kAnswerUnknown);
      record().submit_unsure = true;
      decision_.facts.push_back(AmbiguousFact{.detail = "the agent stopped before it had the scheduler's answer"});
    }
    if (!IsGone()) {
      Rule("looked up, not yet settled");
    } else if (LeaseHolds() && !record().order.empty()) {
      Spawn("spawn again");
    } else {
      TakeGuard("looked up in vain", {NotStartedKind::kFenced, "the scheduler does not know it"});
    }
  }

  void Spawn(std::string_view rule) {
    Pass(AttemptEvent::kIntend);
    record().absence = {};
    decision_.submit = true;
    Rule(rule);
  }

  void TakeGuard(std::string_view rule, NotStartedFact why) {
    if (!record().give_up) {
      record().give_up = std::move(why);
    }
    decision_.take_guard = true;
    Rule(rule);
  }

  // --- The agent has the guard: it can never start.

  void Fence() {
    CancelAll();
    if (job_ == nullptr && record().identity && in_.evidence.presence != Presence::kAbsent) {
      decision_.cancel.push_back(*record().identity);  // Nobody looked; where it is not there, this is no error.
    }
    Pass(AttemptEvent::kFence);
    decision_.facts.push_back(
        record().give_up.value_or(NotStartedFact{NotStartedKind::kFenced, "an earlier agent took the start guard"}));
    Rule("fenced");
  }

  // --- The wrapper has the guard, its exit record is not there.

  void FollowRun() {
    NoteStart();
    if (job_ == nullptr) {
      LoseIf(IsGone(), "the scheduler does not know it any more, and it left no exit record");
      CancelCopies();
    } else if (job_->state == LocalState::kPending) {
      Requeued();
    } else if (IsAlive(*job_)) {
      FollowAlive();
    } else if (EndCounts(*job_)) {
      EndByScheduler();
    } else {
      LoseIf(WaitedForRecord(in_.policy.settle_time), LossDetail(*job_));
    }
  }

  void FollowAlive() {
    Adopt();
    NoteSiteState();
    record().end_seen.reset();
    CancelCopies();
    if (record().cancel_wanted && job_->state != LocalState::kCompleting) {
      decision_.cancel.push_back(NameOf(*job_));
    }
    Rule("runs");
  }

  // A scheduler that lost its state kills what it finds on its nodes: that is no end of the user's either.
  bool WasKilledUnasked(const ExitRecord& exit) const {
    return (exit.exit_signal == SIGTERM || exit.exit_signal == SIGKILL) && !decision_.record.cancel_wanted;
  }

  // In the queue again although it has started: a second start would be refused.
  void Requeued() {
    NoteSiteState();
    CancelCopies();
    const bool waited = WaitedForRecord(in_.policy.settle_time);
    if (job_ != nullptr && (waited || record().cancel_wanted)) {
      decision_.cancel.push_back(NameOf(*job_));
    }
    LoseIf(waited, "the scheduler put it back into its queue after it had started");
  }

  void LoseIf(bool lost, std::string_view detail) {
    if (!lost) {
      Rule("started, waits for evidence of its end");
      return;
    }
    Pass(AttemptEvent::kLose);
    decision_.facts.push_back(MakeInterruption(record(), std::string(detail)));
    Rule("lost");
  }

  void EndByScheduler() {
    Adopt();
    if (!WaitedForRecord(in_.policy.record_wait)) {
      Rule("over, waits for the exit record");
      return;
    }
    Finish(MakeEnd(record(), {.exit = nullptr, .job = job_}, in_.now.civil), "ended by the scheduler's word");
  }

  // --- The wrapper wrote how the program ended.

  void EndByRecord(const ExitRecord& exit) {
    NoteStart();
    Adopt();
    CancelCopies();
    const bool row_is_over = job_ != nullptr && EndCounts(*job_);
    if (job_ == nullptr && in_.evidence.presence == Presence::kAbsent && WasKilledUnasked(exit)) {
      LoseIf(IsGone(), "it was killed, and the scheduler does not know it any more");
      return;
    }
    const bool row_may_come = !row_is_over && in_.evidence.presence != Presence::kAbsent;
    if (exit.exit_code != 0 && row_may_come && !WaitedForRecord(in_.policy.record_wait)) {
      Rule("over, waits for the scheduler's reason");  // it may have been the time limit
      return;
    }
    Finish(MakeEnd(record(), {.exit = &exit, .job = row_is_over ? job_ : nullptr}, in_.now.civil),
           "ended by its record");
  }

  void Finish(EndedFact end, std::string_view rule) {
    if (IsInterruption(end)) {
      Pass(AttemptEvent::kLose);
      decision_.facts.push_back(MakeInterruption(record(), "the site ended it: " + end.site_state));
      Rule("interrupted by the site");
      return;
    }
    Pass(AttemptEvent::kEnd);
    if (!end.usage) {
      record().usage_owed = true;
      record().usage_owed_since = in_.now.monotonic;
      record().end = end;
    }
    decision_.facts.push_back(std::move(end));
    Rule(rule);
  }

  // --- The folder cannot be read: no decision that needs the guard.

  void FollowBlindly() {
    const bool has_alive = job_ != nullptr && IsAlive(*job_);
    if (has_alive) {
      Adopt();
      NoteSiteState();
    }
    if (has_alive && record().cancel_wanted) {
      decision_.cancel.push_back(NameOf(*job_));
    }
    Rule("the attempt's folder cannot be read");
  }

  const Inputs in_;
  const DirectoryEvidence& directory_;
  const LocalJobView* job_;
  Decision decision_;
};

}  // namespace

Decision Reconcile(const AttemptRecord& record, const Evidence& evidence, const ReconcilePolicy& policy,
                   const Moment& now) {
  return Reconciler(record, {.evidence = evidence, .policy = policy, .now = now}).Run();
}

}  // namespace turnpike
