#include "broker/core/report_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "broker/core/step.h"

namespace turnpike {
namespace {

// The site took the job away, and says so with the scheduler's own end of it.
bool SaysTakenAway(const SiteReport& report) {
  return report.cause == EndCause::kSiteInterrupted || report.cause == EndCause::kPreempted;
}

std::optional<AttemptEvent> EventOf(const SiteReport& report) {
  switch (report.kind) {
    case ReportKind::kClaimed:
      return AttemptEvent::kClaimed;
    case ReportKind::kSubmitted:
      return AttemptEvent::kSubmitted;
    case ReportKind::kAmbiguous:
      return AttemptEvent::kAmbiguous;
    case ReportKind::kStarted:
      return AttemptEvent::kStarted;
    case ReportKind::kEnded:
      return SaysTakenAway(report) ? AttemptEvent::kInterrupted : AttemptEvent::kEnded;
    case ReportKind::kNotStarted:
      return report.not_started == NotStartedKind::kFenced ? AttemptEvent::kFenced : AttemptEvent::kNotStarted;
    case ReportKind::kInterrupted:
      return AttemptEvent::kInterrupted;
    case ReportKind::kUsage:
    case ReportKind::kOrphan:
    case ReportKind::kSiteState:
    case ReportKind::kUnreadable:
      return std::nullopt;
  }
  return std::nullopt;
}

// A process's exit code and signal are small numbers.  What says otherwise is no report of one.
std::optional<std::string> Implausible(const SiteReport& report) {
  constexpr int64_t kMost = std::numeric_limits<int16_t>::max();
  if (report.exit_code && (*report.exit_code < -kMost || *report.exit_code > kMost)) {
    return fmt::format("exit code {} is not one of a process", *report.exit_code);
  }
  if (report.exit_signal < 0 || report.exit_signal > kMost) {
    return fmt::format("signal {} is not one of a process", report.exit_signal);
  }
  return std::nullopt;
}

ReportEffect Refuse(std::string why) {
  ReportEffect effect;
  effect.refused = std::move(why);
  return effect;
}

// A claim is good under the offer's own fence only; a repeat gets the same GO.
ReportEffect ApplyClaim(AttemptStanding& standing, const SiteReport& report) {
  ReportEffect effect;
  if (IsFinal(standing.state) || report.fence != standing.fence) {
    effect.answer = ClaimAnswer::kGone;
    return effect;
  }
  const AttemptState before = standing.state;
  if (const Status claimed = Step(standing, AttemptEvent::kClaimed); !claimed.ok()) {
    return Refuse(std::string(MessageOf(claimed)));
  }
  effect.attempt_changed = standing.state != before;
  effect.answer = ClaimAnswer::kGo;
  return effect;
}

// Older than what is known.
bool IsNoNews(AttemptState state, const SiteReport& report) {
  const std::optional<AttemptEvent> event = EventOf(report);
  return event && NextAttemptState(state, *event) == state;
}

// Facts that a report adds to the attempt, whatever the state does.
void TakeFacts(AttemptStanding& standing, const SiteReport& report) {
  if (!report.local_job_id.empty()) {
    standing.local_job_id = report.local_job_id;
    standing.cluster = report.cluster;
    standing.submitted_at = report.submit_time;
    standing.job.local_job_id = report.local_job_id;
  }
  if (report.start_time && !standing.started_at) {
    standing.started_at = report.start_time;
    standing.job.started_at = report.start_time;
    ++standing.start_count;
  }
  if (!report.site_state.empty()) {
    standing.job.site_state = report.site_state;
  }
}

void SetReason(JobView& job, const SiteReport& report) {
  switch (report.kind) {
    case ReportKind::kSubmitted:
    case ReportKind::kStarted:
      job.reason.clear();
      return;
    case ReportKind::kAmbiguous:
      job.reason = fmt::format("asked {} to take it; the answer is not known yet: {}", job.site_name, report.detail);
      return;
    case ReportKind::kNotStarted:
      job.reason = fmt::format("{}/{} did not take it: {}", job.site_name, job.share, report.detail);
      return;
    case ReportKind::kInterrupted:
      job.reason = fmt::format("{} lost it while it ran: {}", job.site_name, report.detail);
      return;
    case ReportKind::kSiteState:
    case ReportKind::kEnded:
      job.reason = report.site_reason;
      return;
    case ReportKind::kClaimed:
    case ReportKind::kUsage:
    case ReportKind::kOrphan:
    case ReportKind::kUnreadable:
      return;
  }
}

// What a job that waits again or is over no longer says of its attempt.
void LeaveSite(JobView& job) {
  job.attempt_id.reset();
  job.site_id.reset();
  job.site_name.clear();
  job.share.clear();
  job.local_job_id.clear();
  job.site_state.clear();
  job.started_at.reset();
}

void EndJob(AttemptStanding& standing, const SiteReport& report, const JobVerdict& verdict, Timestamp now) {
  JobView& job = standing.job;
  job.cause = verdict.cause;
  job.fault = verdict.fault;
  job.exit_code = report.exit_code;
  job.exit_signal = report.exit_signal;
  job.ended_at = report.end_time.value_or(now);
  job.started_at = standing.started_at;
  job.site_state = report.site_state;  // "RUNNING" it is no longer, also where the site has no word for the end
}

ChargeStep ChargeFor(const AttemptStanding& standing, const SiteReport& report) {
  if (!standing.started_at) {
    return ChargeStep::kNothing;
  }
  return report.usage ? ChargeStep::kNow : ChargeStep::kWhenKnown;
}

Status JudgeAndMove(AttemptStanding& standing, const SiteReport& report, Timestamp now, ReportEffect& effect) {
  const bool interrupted = report.kind == ReportKind::kInterrupted;
  const AttemptEnd end{
      .cause = interrupted ? EndCause::kSiteInterrupted : report.cause,
      .fault = report.fault,
      .exit_code = report.exit_code ? std::optional<int32_t>(static_cast<int32_t>(*report.exit_code)) : std::nullopt,
      .exit_signal = static_cast<int32_t>(report.exit_signal)};
  const RetryStanding retry{.attempts_started = static_cast<int32_t>(standing.start_count),
                            .attempts_max = static_cast<int32_t>(standing.attempts_max),
                            .rerun_safe = standing.rerun_safe,
                            .cancel_requested = standing.job.cancel_requested};
  const std::optional<JobVerdict> verdict = JudgeJob(standing.state, end, retry);
  if (!verdict) {
    return OkStatus();
  }
  RETURN_IF_ERROR(Step(standing.job, verdict->event));
  effect.job_event = verdict->event;
  if (IsFinal(standing.job.state)) {
    EndJob(standing, report, *verdict, now);
  } else if (standing.job.state == JobState::kPending) {
    LeaveSite(standing.job);
  }
  return OkStatus();
}

// The site's scheduler took it, and it never started: the nodes do not see its folder, say.  Its job is sent out again
// at once, and without a count of such ends for ever.
bool NeverCameUp(const AttemptStanding& standing, const SiteReport& report) {
  return report.kind == ReportKind::kNotStarted && report.not_started == NotStartedKind::kFenced &&
         !standing.local_job_id.empty() && !standing.job.cancel_requested;
}

// A job that others took the place of, or that was cancelled, proves nothing.
SiteProof ProofOf(const AttemptStanding& standing, const SiteReport& report) {
  if (report.kind == ReportKind::kInterrupted || NeverCameUp(standing, report)) {
    return SiteProof::kFailed;
  }
  if (report.kind != ReportKind::kEnded || !standing.started_at || report.cause == EndCause::kPreempted) {
    return SiteProof::kNone;
  }
  const AttemptEnd end{.cause = report.cause, .fault = report.fault, .exit_code = {}, .exit_signal = 0};
  if ((report.fault == FaultClass::kNone ? UsualFault(end) : report.fault) == FaultClass::kSite) {
    return SiteProof::kFailed;
  }
  const bool ran = report.cause == EndCause::kProgramEnded || report.cause == EndCause::kTimeLimit ||
                   report.cause == EndCause::kOutOfMemory;
  return ran ? SiteProof::kSound : SiteProof::kNone;
}

void NoteEnd(AttemptStanding& standing, const SiteReport& report, Timestamp now, ReportEffect& effect) {
  standing.ended_at = std::max(report.end_time.value_or(now), standing.started_at.value_or(Timestamp{}));
  standing.detail = report.detail.empty() ? report.site_reason : report.detail;
  effect.charge = ChargeFor(standing, report);
  effect.usage = report.usage;
  effect.proof = ProofOf(standing, report);
  effect.back_pressure = report.kind == ReportKind::kNotStarted && report.not_started == NotStartedKind::kBackPressure;
  effect.refused_for_ever =
      report.kind == ReportKind::kNotStarted &&
      (report.not_started == NotStartedKind::kRefused || report.not_started == NotStartedKind::kNotEligible);
}

bool HasOtherFacts(const AttemptStanding& one, const AttemptStanding& other) {
  return one.local_job_id != other.local_job_id || one.cluster != other.cluster ||
         one.submitted_at != other.submitted_at || one.started_at != other.started_at;
}

// The attempt with all that the report tells; the job follows where the attempt takes a step.
Status Change(AttemptStanding& standing, const SiteReport& report, Timestamp now, ReportEffect& effect) {
  const std::optional<AttemptEvent> event = EventOf(report);
  if (event) {
    RETURN_IF_ERROR(Step(standing, *event));
    effect.attempt_changed = true;
  }
  TakeFacts(standing, report);
  SetReason(standing.job, report);
  if (IsFinal(standing.state)) {
    NoteEnd(standing, report, now, effect);
  }
  return event ? JudgeAndMove(standing, report, now, effect) : OkStatus();
}

}  // namespace

std::string_view ReportKindName(ReportKind kind) {
  constexpr std::string_view kNames[] = {"claimed", "submitted",   "ambiguous",   "started",
                                         "ended",   "not-started", "interrupted", "usage",
                                         "orphan",  "site-state",  "unreadable"};
  return kNames[static_cast<size_t>(kind)];
}

std::optional<std::string> Contradiction(AttemptState state, const SiteReport& report) {
  if (report.kind == ReportKind::kUnreadable) {
    return report.detail;
  }
  const std::optional<AttemptEvent> event = EventOf(report);
  if (!event || event == AttemptEvent::kClaimed || NextAttemptState(state, *event)) {
    return std::nullopt;
  }
  return fmt::format("{} reported for an attempt that is {}", ReportKindName(report.kind), AttemptStateName(state));
}

ReportEffect ApplyReport(AttemptStanding& standing, const SiteReport& report, Timestamp now) {
  if (report.kind == ReportKind::kClaimed) {
    return ApplyClaim(standing, report);
  }
  if (std::optional<std::string> why = Contradiction(standing.state, report)) {
    return Refuse(*std::move(why));
  }
  if (IsFinal(standing.state) || IsNoNews(standing.state, report)) {
    return {};
  }
  if (std::optional<std::string> why = Implausible(report)) {
    return Refuse(*std::move(why));
  }
  AttemptStanding after = standing;
  ReportEffect effect;
  if (const Status changed = Change(after, report, now, effect); !changed.ok()) {
    return Refuse(std::string(MessageOf(changed)));
  }
  effect.attempt_changed = effect.attempt_changed || HasOtherFacts(after, standing);
  effect.job_changed = effect.job_event.has_value() || !(after.job == standing.job);
  if (effect.job_changed) {
    ++after.job.version;
  }
  standing = std::move(after);
  return effect;
}

std::optional<SiteReport> EndAlone(const SiteReport& report) {
  if (report.kind != ReportKind::kEnded && report.kind != ReportKind::kNotStarted &&
      report.kind != ReportKind::kInterrupted) {
    return std::nullopt;
  }
  SiteReport end;
  end.seq = report.seq;
  end.attempt_id = report.attempt_id;
  end.fence = report.fence;
  end.kind = report.kind;
  end.cause = SaysTakenAway(report) ? report.cause : EndCause::kUnknown;
  end.not_started = report.not_started;
  end.detail = end.site_reason = "the site's report of its end could not be used, but for the end itself";
  return end;
}

Status Withdraw(AttemptStanding& standing, std::string why) {
  RETURN_IF_ERROR(Step(standing, AttemptEvent::kWithdrawn));
  RETURN_IF_ERROR(Step(standing.job, JobEvent::kReturned));
  ++standing.fence;
  standing.detail = why;
  standing.job.reason = std::move(why);
  LeaveSite(standing.job);
  ++standing.job.version;
  return OkStatus();
}

bool MayMoveMoney(ReportKind kind) {
  switch (kind) {
    case ReportKind::kEnded:
    case ReportKind::kNotStarted:
    case ReportKind::kInterrupted:
    case ReportKind::kUsage:
      return true;
    case ReportKind::kClaimed:
    case ReportKind::kSubmitted:
    case ReportKind::kAmbiguous:
    case ReportKind::kStarted:
    case ReportKind::kOrphan:
    case ReportKind::kSiteState:
    case ReportKind::kUnreadable:
      return false;
  }
  return true;
}

}  // namespace turnpike
