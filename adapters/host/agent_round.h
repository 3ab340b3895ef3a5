#pragma once
// The agent's loop body: takes what the broker wants, looks at what is, closes the difference through the scheduler,
// and keeps the reports until they are acknowledged.  Every step is journaled and synced before it has an effect
// outside.
//
// One thread owns it (AgentLoop's); nothing in it is shared.  The link posts closures to AgentLoop and calls it from
// there. A Status of code DATA_LOSS from any call means that the journal is gone: log it and exit, carry on with
// nothing.

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "adapters/core/reconcile.h"
#include "adapters/core/scheduler.h"
#include "adapters/host/attempt_directory.h"
#include "adapters/host/journal.h"
#include "adapters/host/local_job_builder.h"
#include "adapters/host/order_view.h"
#include "base/status.h"
#include "base/time.h"

namespace turnpike {

enum class DesiredPhase { kOffered, kGo, kCancel, kGone };

// What the broker wants of one attempt.
struct DesiredView {
  AttemptId attempt_id;
  int64_t fence = 0;
  DesiredPhase phase = DesiredPhase::kOffered;
  std::chrono::microseconds spawn_lease{0};  // with kGo
  std::string order;                         // serialized; with kOffered; empty: it is still to come
};

struct SessionStart {
  int64_t epoch = 0;
  int64_t acked_seq = 0;
  bool recovery = false;             // no new claims before a full look-up in the scheduler
  std::vector<DesiredView> desired;  // everything, in full
};

struct KnownAttemptView {
  AttemptId attempt_id;
  int64_t fence = 0;
};

struct AgentRoundLimits {
  int spawns_per_round = 32;
  int claims_per_round = 256;
  int attempts_max = 20'000;                // more offers are left to expire
  std::chrono::hours folders_kept{7 * 24};  // of attempts that are done with
  double vanished_share_max = 0.2;          // more of the live jobs gone at once: claims pause (docs/faults.md E13)
  int vanished_min = 5;
  std::chrono::minutes vanished_pause{10};
  std::chrono::minutes unfilled_pause{1};  // after an attempt's folder could not be filled
};

enum class OutputStream { kStandardOutput, kStandardError };

struct OutputTail {
  std::string bytes;    // the end of the stream
  uint64_t offset = 0;  // where in the stream they begin
};

// A part of a stream that may still grow.
struct OutputPlace {
  OutputStream stream = OutputStream::kStandardOutput;
  uint64_t offset = 0;
  size_t bytes_max = 0;
};

class AgentRound {
 public:
  struct Parts {
    Scheduler& scheduler;
    Journal& journal;
    AttemptDirectories& directories;
    LocalJobBuilder& builder;
    const Clock& clock;
    OrderDecoder decode_order;
    std::string site_key;  // for comments and guard names
    std::string boot_id;   // of this host: leases do not outlive it
    ReconcilePolicy policy;
    AgentRoundLimits limits;
  };
  explicit AgentRound(Parts parts);

  // --- From the link.
  // The broker's Welcome: journals the epoch, applies the whole desired state.  FAILED_PRECONDITION: a newer session
  // has been seen.
  Status StartSession(const SessionStart& start);
  // The stream is gone; attempts that have GO may still be spawned while their lease lasts.
  void EndSession();
  // Another agent took over: nothing is spawned any more; the journal may only be handed over.
  void StopSpawning();
  Status Apply(const DesiredView& desired);
  // The broker has committed the reports up to `seq`.
  Status Acknowledge(int64_t seq);
  // Reports not yet handed out in this session, oldest first.  A Claimed report's lease counts from here: send them at
  // once.
  std::vector<JobReport> PendingReports(size_t count_max);
  std::vector<KnownAttemptView> KnownAttempts() const;
  // Attempts in the scheduler's hands: already counted in its free capacity.
  std::vector<AttemptId> AttemptsInScheduler() const;

  // --- From the loop.
  // Claims, and submissions that have their GO; no look at the scheduler.
  Status Advance();
  // One look at the scheduler, then everything that follows from it, Advance included.
  Status RunRound();

  // --- For SendLog and tools.
  // NOT_FOUND where nothing has been written yet; empty beyond the end.
  Result<std::string> ReadOutput(const AttemptId& attempt_id, const OutputPlace& place) const;
  Result<OutputTail> ReadOutputTail(const AttemptId& attempt_id, OutputStream stream, size_t bytes_max) const;
  const JournalState& journal_state() const { return parts_.journal.state(); }
  // A limit of the step left something undone: call Advance again soon.
  bool has_more_work() const { return has_more_work_; }
  // A cancel waits for a look at the scheduler: do not wait for the next poll's time.
  bool wants_look() const { return wants_look_; }
  bool recovering() const { return recovering_; }
  // Why no new work is taken now; empty: it is.
  std::string PauseReason() const;

 private:
  struct Work;
  struct Spawn;
  struct Preparation;

  // --- agent_round.cc: the loop's calls.
  void LookForSpool();
  PollRequest WhatToAsk();
  Status ReconcileAll(const PollResult& poll);
  Status AdvanceWith(const PollResult& poll);
  Decision Decide(const AttemptRecord& record, const PollResult& poll);
  bool NeedsFolder(const AttemptRecord& record, const PollResult& poll) const;
  void Take(const Decision& decision, Work& work) const;
  Status CommitWork(Work& work);
  Status SpawnAll(const std::vector<Decision>& wanted);
  Status PrepareSpawns(const std::vector<Decision>& wanted, std::vector<Spawn>& spawns);
  void TakeUnprepared(const AttemptRecord& record, const Preparation& preparation, Work& work);
  SubmitOutcome SubmitOne(const Spawn& spawn);
  void CancelLocalJobs(const std::vector<LocalJobIdentity>& jobs);
  void NoteVanished(int vanished, int live);
  Moment Now() const;

  // --- agent_desired.cc: what the broker wants.
  Status ApplyInto(const DesiredView& desired, Work& work);
  void ApplyToKnown(const DesiredView& desired, const AttemptRecord& record, Work& work);
  void ApplyOfferAgain(const AttemptRecord& record, Work& work);
  void AdoptUnknown(const DesiredView& desired, Work& work);
  bool HasUnackedReport(const AttemptId& attempt_id) const;
  bool WaitsForUsage(const AttemptRecord& record) const;
  Status ClaimOffers();
  void ClaimOne(const DesiredView& offer, Work& work);

  // --- agent_cleanup.cc: what should not be there.
  Status SweepOrphans(const PollResult& poll);
  void RemoveOldFolders(const PollResult& poll);

  Parts parts_;
  std::map<AttemptId, AttemptRecord> attempts_;  // the journal's, with what only this process knows
  std::map<AttemptId, DesiredView> offers_;      // not claimed yet
  std::set<AttemptId> desired_ids_;              // of this session
  std::set<std::string> orphans_reported_;       // tag and local id
  int64_t handed_out_seq_ = 0;
  bool in_session_ = false;
  bool may_spawn_ = true;
  bool recovering_ = false;
  bool has_more_work_ = false;
  bool wants_look_ = false;
  std::string spool_reason_;  // empty: it is there
  std::string unfilled_reason_;
  MonotonicTime unfilled_until_{};
  std::string vanished_reason_;
  MonotonicTime vanished_until_{};
  MonotonicTime folders_swept_{};
  MonotonicTime corrections_asked_{};
};

}  // namespace turnpike
