#include "broker/core/report_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace turnpike {
namespace {

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
      return AttemptEvent::kEnded;
    case ReportKind::kNotStarted:
      return report.not_started == NotStartedKind::kFenced ? AttemptEvent::kFenced : AttemptEvent::kNotStarted;
    case ReportKind::kInterrupted:
      return AttemptEvent::kInterrupted;
    case ReportKind::kUsage:
    case ReportKind::kOrphan:
    case ReportKind::kSiteState:
      return std::nullopt;
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
  if (report.fence != standing.fence) {
    effect.answer = ClaimAnswer::kGone;
    return effect;
  }
  if (standing.state == AttemptState::kOffered) {
    standing.state = AttemptState::kClaimed;
    effect.attempt_changed = true;
  }
  effect.answer = ClaimAnswer::kGo;
  return effect;
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
}

ChargeStep ChargeFor(const AttemptStanding& standing, const SiteReport& report) {
  if (!standing.started_at) {
    return ChargeStep::kNothing;
  }
  return report.usage ? ChargeStep::kNow : ChargeStep::kWhenKnown;
}

void JudgeAndMove(AttemptStanding& standing, const SiteReport& report, Timestamp now, ReportEffect& effect) {
  const bool interrupted = report.kind == ReportKind::kInterrupted;
  const AttemptEnd end{
      .cause = interrupted ? EndCause::kSiteInterrupted : report.cause,
      .fault = report.fault,
      .exit_code = report.exit_code ? std::optional<int32_t>(static_cast<int32_t>(*report.exit_code)) : std::nullopt,
      .exit_signal = static_cast<int32_t>(report.exit_signal),
      .back_pressure = effect.back_pressure};
  const RetryStanding retry{.attempts_started = static_cast<int32_t>(standing.start_count),
                            .attempts_max = static_cast<int32_t>(standing.attempts_max),
                            .rerun_safe = standing.rerun_safe,
                            .cancel_requested = standing.job.cancel_requested,
                            .other_share_left = true};
  const std::optional<JobVerdict> verdict = JudgeJob(standing.state, end, retry);
  if (!verdict) {
    return;
  }
  const std::optional<JobState> next = NextJobState(standing.job.state, verdict->event);
  if (!next) {
    return;  // The job is that far already: a report that came late.
  }
  standing.job.state = *next;
  effect.job_event = verdict->event;
  if (IsFinal(*next)) {
    EndJob(standing, report, *verdict, now);
  } else if (*next == JobState::kPending) {
    LeaveSite(standing.job);
  }
}

}  // namespace

std::string_view ReportKindName(ReportKind kind) {
  constexpr std::string_view kNames[] = {"claimed",     "submitted",   "ambiguous", "started", "ended",
                                         "not-started", "interrupted", "usage",     "orphan",  "site-state"};
  return kNames[static_cast<size_t>(kind)];
}

ReportEffect ApplyReport(AttemptStanding& standing, const SiteReport& report, Timestamp now) {
  if (IsFinal(standing.state)) {
    ReportEffect effect;
    effect.answer = report.kind == ReportKind::kClaimed ? ClaimAnswer::kGone : ClaimAnswer::kNone;
    return effect;
  }
  if (report.kind == ReportKind::kClaimed) {
    return ApplyClaim(standing, report);
  }
  const JobView before = standing.job;
  ReportEffect effect;
  const std::optional<AttemptEvent> event = EventOf(report);
  if (event) {
    const std::optional<AttemptState> next = NextAttemptState(standing.state, *event);
    if (!next) {
      return Refuse(fmt::format("{} reported for an attempt that is {}", ReportKindName(report.kind),
                                AttemptStateName(standing.state)));
    }
    effect.attempt_changed = *next != standing.state;
    standing.state = *next;
  }
  if (event && !effect.attempt_changed) {
    return effect;  // Older than what is known.
  }
  TakeFacts(standing, report);
  SetReason(standing.job, report);
  if (IsFinal(standing.state)) {
    standing.ended_at = std::max(report.end_time.value_or(now), standing.started_at.value_or(Timestamp{}));
    standing.detail = report.detail.empty() ? report.site_reason : report.detail;
    effect.charge = ChargeFor(standing, report);
    effect.usage = report.usage;
    effect.back_pressure =
        report.kind == ReportKind::kNotStarted && report.not_started == NotStartedKind::kBackPressure;
    effect.refused_for_ever =
        report.kind == ReportKind::kNotStarted &&
        (report.not_started == NotStartedKind::kRefused || report.not_started == NotStartedKind::kNotEligible);
  }
  JudgeAndMove(standing, report, now, effect);
  effect.attempt_changed = effect.attempt_changed || event.has_value();
  effect.job_changed = effect.job_event.has_value() || !(standing.job == before);
  if (effect.job_changed) {
    ++standing.job.version;
  }
  return effect;
}

void Withdraw(AttemptStanding& standing, std::string why) {
  const std::optional<AttemptState> withdrawn = NextAttemptState(standing.state, AttemptEvent::kWithdrawn);
  const std::optional<JobState> waiting = NextJobState(standing.job.state, JobEvent::kReturned);
  CHECK(withdrawn && waiting);
  standing.state = *withdrawn;
  ++standing.fence;
  standing.detail = why;
  standing.job.state = *waiting;
  standing.job.reason = std::move(why);
  LeaveSite(standing.job);
  ++standing.job.version;
}

}  // namespace turnpike
