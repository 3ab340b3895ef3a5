// What the broker wants: sessions, offers, GO, cancels, acknowledgements.
#include <algorithm>
#include <utility>

#include "adapters/core/local_tag.h"
#include "adapters/host/agent_round.h"
#include "adapters/host/agent_work.h"
#include "base/failpoint.h"
#include "base/log.h"

namespace turnpike {
namespace {

bool IsEnding(const Fact& fact) {
  return std::holds_alternative<EndedFact>(fact) || std::holds_alternative<NotStartedFact>(fact) ||
         std::holds_alternative<InterruptedFact>(fact);
}

// Where the broker forgot what it had acknowledged (it was restored from a backup): everything once more.
std::vector<Fact> FactsSoFar(const AttemptRecord& record) {
  std::vector<Fact> facts = {ClaimedFact{}};
  if (record.identity) {
    facts.emplace_back(SubmittedFact{.cluster = record.identity->cluster,
                                     .local_job_id = record.identity->local_job_id,
                                     .submit_time = record.identity->submit_time});
  }
  if (record.start_time) {
    facts.emplace_back(StartedFact{.start_time = *record.start_time});
  }
  if (record.end) {
    facts.emplace_back(*record.end);
  }
  return facts;
}

}  // namespace

Status AgentRound::StartSession(const SessionStart& start) {
  const JournalState& journal = parts_.journal.state();
  if (start.epoch <= journal.epoch_seen) {
    return FailedPrecondition("the broker's session {} is not newer than session {}, which this journal has seen",
                              start.epoch, journal.epoch_seen);
  }
  JournalBatch batch;
  batch.SetEpoch(start.epoch);
  batch.SetBoot(parts_.boot_id);
  // Leases of an earlier boot go with its id, or they would count again for the next process of this boot.
  for (const auto& [attempt_id, record] : attempts_) {
    const auto kept = journal.attempts.find(attempt_id);
    if (kept != journal.attempts.end() && kept->second.lease_end != record.lease_end) {
      batch.PutAttempt(record);
    }
  }
  RETURN_IF_ERROR(parts_.journal.Commit(batch));
  may_spawn_ = true;
  recovering_ = recovering_ || start.recovery;
  RETURN_IF_ERROR(Acknowledge(std::min(start.acked_seq, journal.report_seq)));
  handed_out_seq_ = journal.acked_seq;
  for (auto& [attempt_id, record] : attempts_) {
    record.claim_sent.reset();
  }
  desired_ids_.clear();
  offers_.clear();
  Work work;
  for (const DesiredView& desired : start.desired) {
    RETURN_IF_ERROR(ApplyInto(desired, work));
  }
  RETURN_IF_ERROR(CommitWork(work));
  in_session_ = true;
  LogInfo("session started", {{"epoch", std::to_string(start.epoch)},
                              {"desired", std::to_string(start.desired.size())},
                              {"recovery", recovering_ ? "yes" : "no"}});
  return OkStatus();
}

void AgentRound::EndSession() {
  in_session_ = false;
  offers_.clear();
}

void AgentRound::StopSpawning() {
  EndSession();
  may_spawn_ = false;
}

Status AgentRound::Apply(const DesiredView& desired) {
  Work work;
  RETURN_IF_ERROR(ApplyInto(desired, work));
  return CommitWork(work);
}

Status AgentRound::ApplyInto(const DesiredView& desired, Work& work) {
  const auto ending = parts_.journal.state().endings.find(desired.attempt_id);
  const bool is_over = ending != parts_.journal.state().endings.end();
  const bool is_gone = desired.phase == DesiredPhase::kGone;
  if (is_over || is_gone) {
    desired_ids_.erase(desired.attempt_id);  // A local job of it is an orphan.
  } else {
    desired_ids_.insert(desired.attempt_id);
  }
  const auto known = attempts_.find(desired.attempt_id);
  if (known != attempts_.end()) {
    ApplyToKnown(desired, known->second, work);
    return OkStatus();
  }
  if (is_over && !is_gone) {
    JobReport again = ending->second;
    again.fence = std::max(again.fence, desired.fence);
    work.batch.AddReport(std::move(again));
    return OkStatus();
  }
  switch (desired.phase) {
    case DesiredPhase::kOffered:
      if (!desired.order.empty()) {
        offers_.insert_or_assign(desired.attempt_id, desired);
      }
      return OkStatus();
    case DesiredPhase::kGo:
    case DesiredPhase::kCancel:
      offers_.erase(desired.attempt_id);
      AdoptUnknown(desired, work);
      return OkStatus();
    case DesiredPhase::kGone:
      offers_.erase(desired.attempt_id);
      return OkStatus();
  }
  return OkStatus();
}

void AgentRound::ApplyToKnown(const DesiredView& desired, const AttemptRecord& record, Work& work) {
  if (desired.fence < record.fence) {
    LogDebug("an older fence is not listened to", {{"attempt", record.attempt_id.ToString()}});
    return;
  }
  AttemptRecord changed = record;
  changed.fence = desired.fence;
  switch (desired.phase) {
    case DesiredPhase::kOffered:
      ApplyOfferAgain(changed, work);
      return;
    case DesiredPhase::kGo:
      if (record.phase == AttemptPhase::kClaimed && record.claim_sent) {
        const auto lease = std::chrono::duration_cast<MonotonicTime::duration>(desired.spawn_lease);
        work.Add(record, ApplyGo(changed, *record.claim_sent + lease), Now().civil);
        return;
      }
      if (record.phase == AttemptPhase::kClaimed && !HasUnackedReport(record.attempt_id)) {
        work.Add(record, ApplyClaim(changed), Now().civil);  // Claimed by an earlier process: its lease is not known.
        return;
      }
      break;
    case DesiredPhase::kCancel:
    case DesiredPhase::kGone:
      changed.cancel_wanted = true;
      wants_look_ = wants_look_ || !record.cancel_wanted;
      break;
  }
  if (!(changed == record)) {
    work.Put(changed);
  }
}

void AgentRound::ApplyOfferAgain(const AttemptRecord& record, Work& work) {
  if (HasUnackedReport(record.attempt_id)) {
    return;  // What the broker lacks is on its way.
  }
  const bool may_claim = record.phase == AttemptPhase::kClaimed || record.phase == AttemptPhase::kGo;
  if (may_claim) {
    work.Add(attempts_.at(record.attempt_id), ApplyClaim(record), Now().civil);
    return;
  }
  work.Put(record);
  for (Fact& fact : FactsSoFar(record)) {
    work.Report(record, std::move(fact), Now().civil);
  }
}

// The broker has it and the journal does not: it may be anywhere.  Never submitted by us; looked up, then fenced or
// followed.
void AgentRound::AdoptUnknown(const DesiredView& desired, Work& work) {
  AttemptRecord record;
  record.attempt_id = desired.attempt_id;
  record.fence = desired.fence;
  record.phase = AttemptPhase::kAmbiguous;
  record.local_user = parts_.builder.own_user();
  record.submit_unsure = true;
  record.cancel_wanted = desired.phase == DesiredPhase::kCancel;
  work.Put(record);
  LogWarn("an attempt that the journal does not have is looked up", {{"attempt", record.attempt_id.ToString()}});
}

bool AgentRound::HasUnackedReport(const AttemptId& attempt_id) const {
  const std::deque<JobReport>& reports = parts_.journal.state().reports;
  return std::any_of(reports.begin(), reports.end(),
                     [&](const JobReport& report) { return report.attempt_id == attempt_id; });
}

// --- Offers.

Status AgentRound::ClaimOffers() {
  if (offers_.empty() || !PauseReason().empty()) {
    return OkStatus();
  }
  Work work;
  std::vector<AttemptId> taken;
  for (const auto& [attempt_id, offer] : offers_) {
    const auto size = attempts_.size() + taken.size();
    if (taken.size() >= static_cast<size_t>(parts_.limits.claims_per_round) ||
        size >= static_cast<size_t>(parts_.limits.attempts_max)) {
      has_more_work_ = size < static_cast<size_t>(parts_.limits.attempts_max);
      break;
    }
    ClaimOne(offer, work);
    taken.push_back(attempt_id);
  }
  TURNPIKE_FAILPOINT("agent.pre_claim");
  Status status = CommitWork(work);
  if (status.code() == StatusCode::kResourceExhausted) {
    return OkStatus();  // The journal has said so; the offers stay, and expire.
  }
  for (const AttemptId& attempt_id : taken) {
    offers_.erase(attempt_id);
  }
  return status;
}

void AgentRound::ClaimOne(const DesiredView& offer, Work& work) {
  AttemptRecord record;
  record.attempt_id = offer.attempt_id;
  record.fence = offer.fence;
  const Result<OrderView> order = parts_.decode_order(offer.order);
  const Result<LocalAccount> account =
      order.ok() ? parts_.builder.CheckOrder(*order) : Result<LocalAccount>(order.status());
  if (!account.ok()) {
    work.Add(record,
             RefuseBeforeStart(record, {NotStartedKind::kNotEligible, std::string(MessageOf(account.status()))}),
             Now().civil);
    return;
  }
  record.job_id = order->job_id;
  record.task_index = order->task_index;
  record.local_user = account->local_user;
  record.requested = AmountsOf(*order);
  record.order = offer.order;
  LogInfo("offer taken", {{"attempt", record.attempt_id.ToString()},
                          {"job", record.job_id.ToString()},
                          {"share", order->share},
                          {"traceparent", order->trace.traceparent},
                          {"request_id", order->trace.request_id}});
  work.batch.PutOrder(record.attempt_id, record.order);
  work.Add(record, ApplyClaim(record), Now().civil);
  if (TURNPIKE_RULE_IS_BROKEN("claim.awaits_go")) {
    const AttemptRecord claimed = ApplyClaim(record).record;
    work.Add(claimed, ApplyGo(claimed, Now().monotonic + std::chrono::minutes(1)), Now().civil);
  }
}

// --- Reports.

std::vector<JobReport> AgentRound::PendingReports(size_t count_max) {
  std::vector<JobReport> reports;
  const MonotonicTime now = parts_.clock.Monotonic();
  for (const JobReport& report : parts_.journal.state().reports) {
    if (report.seq <= handed_out_seq_) {
      continue;
    }
    if (reports.size() >= count_max) {
      break;
    }
    const auto attempt = attempts_.find(report.attempt_id);
    if (attempt != attempts_.end() && std::holds_alternative<ClaimedFact>(report.fact)) {
      attempt->second.claim_sent = now;
    }
    reports.push_back(report);
  }
  if (!reports.empty()) {
    handed_out_seq_ = reports.back().seq;
  }
  return reports;
}

// Attempts whose last word was applied are forgotten in the same step, down to that last word.
Status AgentRound::Acknowledge(int64_t seq) {
  const JournalState& journal = parts_.journal.state();
  if (seq <= journal.acked_seq) {
    return OkStatus();
  }
  if (seq > journal.report_seq) {
    return FailedPrecondition("the broker acknowledged report {}, but the newest one is {}", seq, journal.report_seq);
  }
  JournalBatch batch;
  batch.Acknowledge(seq);
  std::map<AttemptId, const JobReport*> last;  // of each attempt that is acknowledged now
  std::map<AttemptId, const JobReport*> endings;
  std::set<AttemptId> unfinished;
  for (const JobReport& report : journal.reports) {
    if (report.seq > seq) {
      unfinished.insert(report.attempt_id);
      continue;
    }
    last[report.attempt_id] = &report;
    if (IsEnding(report.fact)) {
      endings[report.attempt_id] = &report;
    }
  }
  std::vector<AttemptId> forgotten;
  for (const auto& [attempt_id, report] : last) {
    const auto attempt = attempts_.find(attempt_id);
    if (attempt == attempts_.end() || unfinished.contains(attempt_id) || !IsFinal(attempt->second.phase) ||
        WaitsForUsage(attempt->second)) {
      continue;
    }
    std::optional<JobReport> ending;
    if (const auto found = endings.find(attempt_id); found != endings.end()) {
      ending = *found->second;
    } else if (attempt->second.end) {
      ending = JobReport{report->seq, attempt_id, attempt->second.fence, report->time, *attempt->second.end};
    }
    batch.Forget(attempt_id, ending);
    forgotten.push_back(attempt_id);
  }
  RETURN_IF_ERROR(parts_.journal.Commit(batch));
  for (const AttemptId& attempt_id : forgotten) {
    attempts_.erase(attempt_id);
    desired_ids_.erase(attempt_id);
  }
  return OkStatus();
}

// A correction of what was reported provisionally is not waited for where that would hold up new work.
bool AgentRound::WaitsForUsage(const AttemptRecord& record) const {
  const bool has_room = attempts_.size() <= static_cast<size_t>(parts_.limits.attempts_max) / 2;
  return record.usage_owed && (!record.usage_provisional || has_room);
}

std::vector<KnownAttemptView> AgentRound::KnownAttempts() const {
  std::vector<KnownAttemptView> known;
  for (const auto& [attempt_id, record] : attempts_) {
    if (!IsFinal(record.phase)) {
      known.push_back({attempt_id, record.fence});
    }
  }
  return known;
}

std::vector<AttemptId> AgentRound::AttemptsInScheduler() const {
  std::vector<AttemptId> attempts;
  for (const auto& [attempt_id, record] : attempts_) {
    if (record.phase == AttemptPhase::kSubmitted || record.phase == AttemptPhase::kStarted) {
      attempts.push_back(attempt_id);
    }
  }
  return attempts;
}

}  // namespace turnpike
