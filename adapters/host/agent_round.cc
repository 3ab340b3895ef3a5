#include "adapters/host/agent_round.h"

#include <algorithm>
#include <utility>

#include "adapters/core/local_tag.h"
#include "adapters/host/agent_work.h"
#include "adapters/host/guard.h"
#include "base/failpoint.h"
#include "base/log.h"

namespace turnpike {
namespace {

// Accounting is asked this far back for attempts whose local job is not known.
constexpr auto kLookBack = std::chrono::hours(48);
constexpr auto kClockSlack = std::chrono::hours(1);
// Accounting is asked this often about usage that was reported as provisional: many at once where it was down for long.
constexpr auto kCorrectionInterval = std::chrono::minutes(5);

// The poll, narrowed to one tag, for each tag: so that a round's work grows with its jobs and not with their square.
std::map<std::string, PollResult> SplitByTag(const PollResult& poll) {
  std::map<std::string, PollResult> parts;
  for (size_t source = 0; source < poll.sources.size(); ++source) {
    for (const LocalJobView& job : poll.sources[source].jobs) {
      PollResult& part = parts[job.tag];
      if (part.sources.empty()) {
        for (const SourceReading& reading : poll.sources) {
          part.sources.push_back({reading.kind, reading.complete, reading.error, reading.users_in_sight, {}});
        }
      }
      part.sources[source].jobs.push_back(job);
    }
  }
  return parts;
}

PollResult WithoutJobs(const PollResult& poll) {
  PollResult bare;
  for (const SourceReading& reading : poll.sources) {
    bare.sources.push_back({reading.kind, reading.complete, reading.error, reading.users_in_sight, {}});
  }
  return bare;
}

bool IsInScheduler(AttemptPhase phase) {
  return phase == AttemptPhase::kSubmitted || phase == AttemptPhase::kStarted;
}

const char* OutputFile(OutputStream stream) {
  return stream == OutputStream::kStandardOutput ? AttemptFiles::kOutput : AttemptFiles::kError;
}

}  // namespace

AgentRound::AgentRound(Parts parts) : parts_(std::move(parts)), attempts_(parts_.journal.state().attempts) {
  handed_out_seq_ = parts_.journal.state().acked_seq;
  if (parts_.journal.state().boot_id != parts_.boot_id) {
    for (auto& [attempt_id, record] : attempts_) {
      record.lease_end.reset();
    }
  }
}

Moment AgentRound::Now() const {
  return {.civil = parts_.clock.Now(), .monotonic = parts_.clock.Monotonic()};
}

std::string AgentRound::PauseReason() const {
  if (!may_spawn_) {
    return "another agent of this site took over";
  }
  if (recovering_) {
    return "looking everything up in the scheduler first";
  }
  if (!parts_.journal.has_room()) {
    return "the journal's disk is full";
  }
  if (!spool_reason_.empty()) {
    return spool_reason_;
  }
  if (parts_.clock.Monotonic() < unfilled_until_) {
    return unfilled_reason_;
  }
  return parts_.clock.Monotonic() < vanished_until_ ? vanished_reason_ : std::string();
}

// --- The loop's calls.

Status AgentRound::Advance() {
  has_more_work_ = false;
  RETURN_IF_ERROR(ClaimOffers());
  return AdvanceWith(PollResult{});
}

Status AgentRound::RunRound() {
  wants_look_ = false;
  parts_.journal.CheckRoom();
  LookForSpool();
  const PollResult poll = parts_.scheduler.Poll(WhatToAsk());
  for (const SourceReading& source : poll.sources) {
    if (!source.complete) {
      LogWarn("a source of the scheduler did not answer in full",
              {{"source", source.kind == SourceKind::kQueue ? "queue" : "accounting"}, {"why", source.error}});
    }
  }
  RETURN_IF_ERROR(ReconcileAll(poll));
  RETURN_IF_ERROR(SweepOrphans(poll));
  if (recovering_ && IsCompleteLook(poll)) {
    recovering_ = false;
    LogInfo("the full look-up is done, new work is taken again");
  }
  RemoveOldFolders(poll);
  return Advance();
}

void AgentRound::LookForSpool() {
  const Status found = parts_.directories.CheckSpool();
  if (found.ok() && !spool_reason_.empty()) {
    LogInfo("the spool is there again");
  } else if (!found.ok() && spool_reason_.empty()) {
    LogError("nothing is decided that needs the attempts' folders", {{"why", std::string(MessageOf(found))}});
  }
  spool_reason_ = found.ok() ? "" : "the spool is not there";
}

PollRequest AgentRound::WhatToAsk() {
  const Moment now = Now();
  const bool ask_for_corrections =
      corrections_asked_ == MonotonicTime{} || now.monotonic - corrections_asked_ >= kCorrectionInterval;
  if (ask_for_corrections) {
    corrections_asked_ = now.monotonic;
  }
  PollRequest request;
  request.oldest_submit = now.civil - kLookBack;
  for (const auto& [attempt_id, record] : attempts_) {
    if (IsFinal(record.phase) && (!record.usage_owed || (record.usage_provisional && !ask_for_corrections))) {
      continue;
    }
    request.tags.push_back(record.tag());
    if (record.identity) {
      request.oldest_submit = std::min(request.oldest_submit, record.identity->submit_time - kClockSlack);
    }
  }
  return request;
}

Status AgentRound::ReconcileAll(const PollResult& poll) {
  const std::map<std::string, PollResult> parts = SplitByTag(poll);
  const PollResult nothing = WithoutJobs(poll);
  Work work;
  std::vector<Decision> spawns;
  int live = 0;
  int vanished = 0;
  for (const auto& [attempt_id, record] : attempts_) {
    const auto part = parts.find(record.tag());
    Decision decision = Decide(record, part == parts.end() ? nothing : part->second);
    if (IsInScheduler(record.phase)) {
      ++live;
      vanished += decision.record.absence.reads == 1 ? 1 : 0;
    }
    if (decision.submit) {
      spawns.push_back(std::move(decision));
    } else {
      Take(decision, work);
    }
  }
  NoteVanished(vanished, live);
  RETURN_IF_ERROR(CommitWork(work));
  return SpawnAll(spawns);
}

Status AgentRound::AdvanceWith(const PollResult& poll) {
  Work work;
  std::vector<Decision> spawns;
  for (const auto& [attempt_id, record] : attempts_) {
    const bool is_urgent = (record.phase == AttemptPhase::kGo && !recovering_) ||
                           (record.cancel_wanted && !IsFinal(record.phase) && record.phase != AttemptPhase::kStarted);
    if (!is_urgent) {
      continue;
    }
    Decision decision = Decide(record, poll);
    if (decision.submit) {
      spawns.push_back(std::move(decision));
    } else {
      Take(decision, work);
    }
  }
  RETURN_IF_ERROR(CommitWork(work));
  return SpawnAll(spawns);
}

// --- One attempt.

// A job that waits in the queue has not taken its guard: one look at its folder less.
bool AgentRound::NeedsFolder(const AttemptRecord& record, const PollResult& poll) const {
  if (IsFinal(record.phase)) {
    return false;
  }
  const bool waits = record.phase == AttemptPhase::kSubmitted && !record.cancel_wanted && !record.give_up &&
                     !poll.sources.empty() && poll.sources.front().jobs.size() == 1 &&
                     poll.sources.front().jobs.front().state == LocalState::kPending;
  return !waits;
}

Decision AgentRound::Decide(const AttemptRecord& record, const PollResult& poll) {
  DirectoryEvidence folder;
  folder.guard = IsFinal(record.phase) ? GuardState::kTakenByWrapper : GuardState::kFree;
  if (NeedsFolder(record, poll)) {
    folder = parts_.directories.ReadEvidence(record.attempt_id, parts_.site_key);
  }
  const Moment now = Now();
  Decision decision = Reconcile(record, GatherEvidence(record, poll, folder, parts_.site_key), parts_.policy, now);
  if (!decision.take_guard) {
    return decision;
  }
  const Result<AttemptDirectory> directory = parts_.directories.Make(record.attempt_id);
  const Result<GuardState> guard = directory.ok() ? TakeGuard(*directory, GuardName(record.attempt_id, parts_.site_key),
                                                              std::to_string(MicrosOf(now.civil)))
                                                  : Result<GuardState>(directory.status());
  if (!guard.ok()) {
    LogWarn("the start guard cannot be taken, tried again next round",
            {{"attempt", record.attempt_id.ToString()}, {"why", std::string(MessageOf(guard.status()))}});
    return decision;
  }
  folder = parts_.directories.ReadEvidence(record.attempt_id, parts_.site_key);
  return Reconcile(decision.record, GatherEvidence(decision.record, poll, folder, parts_.site_key), parts_.policy, now);
}

void AgentRound::Take(const Decision& decision, Work& work) const {
  work.Add(attempts_.at(decision.record.attempt_id), decision, Now().civil);
}

Status AgentRound::CommitWork(Work& work) {
  if (work.ends_some) {
    TURNPIKE_FAILPOINT("agent.pre_terminal");
  }
  RETURN_IF_ERROR(parts_.journal.Commit(work.batch));
  for (auto& [attempt_id, record] : work.records) {
    attempts_.insert_or_assign(attempt_id, std::move(record));
  }
  CancelLocalJobs(work.cancel);
  return OkStatus();
}

void AgentRound::CancelLocalJobs(const std::vector<LocalJobIdentity>& jobs) {
  for (const LocalJobIdentity& job : jobs) {
    const Status status = parts_.scheduler.Cancel(job);
    if (status.ok()) {
      LogInfo("local job cancelled", {{"tag", job.tag}, {"local_job", job.local_job_id}});
    } else {
      LogWarn("a local job could not be cancelled, tried again next round",
              {{"tag", job.tag}, {"local_job", job.local_job_id}, {"why", std::string(MessageOf(status))}});
    }
  }
}

// Many jobs gone at once: the scheduler lost its state, or does not show it; no new work goes there for a while.
void AgentRound::NoteVanished(int vanished, int live) {
  const AgentRoundLimits& limits = parts_.limits;
  if (vanished < limits.vanished_min || vanished <= limits.vanished_share_max * live) {
    return;
  }
  vanished_reason_ = fmt::format("{} of {} jobs vanished from the scheduler at once", vanished, live);
  vanished_until_ = Now().monotonic + limits.vanished_pause;
  LogError("many jobs vanished from the scheduler at once, no new work is taken for a while",
           {{"vanished", std::to_string(vanished)}, {"of", std::to_string(live)}});
}

// --- Submissions.

struct AgentRound::Spawn {
  AttemptRecord record;  // in kIntent
  LocalJob job;
};

struct AgentRound::Preparation {
  Status described;  // whether the order can be run here
  Status filled;     // and whether all is ready for it
};

Status AgentRound::SpawnAll(const std::vector<Decision>& wanted) {
  if (wanted.empty() || !may_spawn_) {
    return OkStatus();
  }
  std::vector<Spawn> spawns;
  RETURN_IF_ERROR(PrepareSpawns(wanted, spawns));
  if (spawns.empty()) {
    return OkStatus();
  }
  TURNPIKE_FAILPOINT("agent.post_intent");
  Work answers;
  for (const Spawn& spawn : spawns) {
    const SubmitOutcome outcome = SubmitOne(spawn);
    answers.Add(spawn.record, ApplySubmitOutcome(spawn.record, outcome), Now().civil);
  }
  RETURN_IF_ERROR(CommitWork(answers));
  TURNPIKE_FAILPOINT("agent.post_submitted");
  return OkStatus();
}

// Fills their folders, then journals the intents, all with one sync.
Status AgentRound::PrepareSpawns(const std::vector<Decision>& wanted, std::vector<Spawn>& spawns) {
  Work work;
  for (const Decision& decision : wanted) {
    if (static_cast<int>(spawns.size()) >= parts_.limits.spawns_per_round) {
      has_more_work_ = true;
      break;
    }
    const AttemptRecord& before = attempts_.at(decision.record.attempt_id);
    const Result<OrderView> order = parts_.decode_order(before.order);
    Result<LocalJob> job =
        order.ok() ? parts_.builder.Describe(before.attempt_id, *order) : Result<LocalJob>(order.status());
    const Status filled = job.ok() ? parts_.builder.Fill(*job, *order) : job.status();
    if (filled.ok()) {
      work.Add(before, decision, Now().civil);
      spawns.push_back({decision.record, *std::move(job)});
    } else {
      TakeUnprepared(before, {.described = job.status(), .filled = filled}, work);
    }
  }
  return CommitWork(work);
}

// What the order asks for is its owner's; what this host cannot do is the site's, and no new work comes for a while.
void AgentRound::TakeUnprepared(const AttemptRecord& record, const Preparation& preparation, Work& work) {
  const bool is_refused = IsRefusal(preparation.described);
  const std::string why(MessageOf(preparation.filled));
  LogWarn(is_refused ? "an order cannot be run here" : "an attempt's folder cannot be filled, claims pause",
          {{"attempt", record.attempt_id.ToString()}, {"why", why}});
  if (!is_refused) {
    unfilled_reason_ = "an attempt's folder could not be filled: " + why;
    unfilled_until_ = Now().monotonic + parts_.limits.unfilled_pause;
  }
  if (record.submit_unsure) {
    return;  // A job may be there already: tried again while the lease holds, and then the guard tells.
  }
  const NotStartedFact fact = is_refused ? NotStartedFact{NotStartedKind::kNotEligible, why}
                                         : NotStartedFact{NotStartedKind::kBackPressure, unfilled_reason_};
  work.Add(record, RefuseBeforeStart(record, fact), Now().civil);
}

SubmitOutcome AgentRound::SubmitOne(const Spawn& spawn) {
  if (!spawn.record.lease_end || Now().monotonic >= *spawn.record.lease_end) {
    return {.kind = SubmitOutcome::Kind::kAmbiguous,
            .identity = {},
            .detail = "the spawn lease ended before the submission"};
  }
  SubmitOutcome outcome = parts_.scheduler.Submit(spawn.job);
  TURNPIKE_FAILPOINT("agent.post_spawn");
  LogInfo("submitted", {{"attempt", spawn.record.attempt_id.ToString()},
                        {"local_job", outcome.identity.local_job_id},
                        {"outcome", outcome.detail}});
  return outcome;
}

// --- For SendLog and tools.

Result<std::string> AgentRound::ReadOutput(const AttemptId& attempt_id, const OutputPlace& place) const {
  ASSIGN_OR_RETURN(const AttemptDirectory directory, parts_.directories.Find(attempt_id));
  return directory.ReadPart(OutputFile(place.stream), place.offset, place.bytes_max);
}

Result<OutputTail> AgentRound::ReadOutputTail(const AttemptId& attempt_id, OutputStream stream,
                                              size_t bytes_max) const {
  ASSIGN_OR_RETURN(const AttemptDirectory directory, parts_.directories.Find(attempt_id));
  ASSIGN_OR_RETURN(FileTail tail, directory.ReadTail(OutputFile(stream), bytes_max));
  const uint64_t offset = tail.file_size - tail.bytes.size();
  return OutputTail{.bytes = std::move(tail.bytes), .offset = offset};
}

}  // namespace turnpike
