#include "broker/core/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/money.h"
#include "broker/core/reason.h"

namespace turnpike {
namespace {

bool ComesBefore(const ExplainedShare& left, const ExplainedShare& right) {
  const auto rank = [](const ShareVerdict& verdict) {
    return std::tuple(!verdict.eligible, verdict.refusal.has_value(), verdict.eligible ? verdict.score.total() : 0,
                      verdict.share);
  };
  return rank(left.verdict) < rank(right.verdict);
}

std::string PlaceOf(const JobView& job) {
  return fmt::format("{}/{}", job.site_name, job.share);
}

std::string CancelText(const JobView& job) {
  return job.cancel_requested ? "; its end was asked for" : "";
}

std::string QueuedSummary(const JobView& job) {
  const std::string raw = job.site_state.empty() ? "" : fmt::format(" [{}]", job.site_state);
  return fmt::format("waits in the queue of {}{}{}{}", PlaceOf(job),
                     job.local_job_id.empty() ? "" : fmt::format(" as its job {}", job.local_job_id),
                     job.reason.empty() ? "" : fmt::format(": {}", job.reason), raw);
}

std::string RunningSummary(const JobView& job, std::chrono::seconds time_limit) {
  std::string text = fmt::format("runs at {}", PlaceOf(job));
  if (job.started_at) {
    text += fmt::format(" since {}", FormatTimestamp(*job.started_at));
  }
  if (job.started_at && time_limit.count() > 0) {
    text += fmt::format(", until {} at the latest", FormatTimestamp(*job.started_at + time_limit));
  }
  return text;
}

std::string_view CauseText(EndCause cause) {
  switch (cause) {
    case EndCause::kProgramEnded:
      return "the program ended";
    case EndCause::kTimeLimit:
      return "its time limit was reached";
    case EndCause::kOutOfMemory:
      return "it used more memory than it had asked for";
    case EndCause::kSiteInterrupted:
      return "the site failed under it";
    case EndCause::kPreempted:
      return "the site gave its place to another job";
    case EndCause::kCancelledByUser:
      return "it was cancelled by its user";
    case EndCause::kCancelledBySite:
      return "it was cancelled by the site";
    case EndCause::kRefused:
      return "every share that could run it refused it";
    case EndCause::kNone:
    case EndCause::kUnknown:
      return "the site did not tell why";
  }
  __builtin_unreachable();
}

std::string_view FaultText(FaultClass fault) {
  switch (fault) {
    case FaultClass::kNone:
      return "";
    case FaultClass::kUser:
      return "; that is the job's own fault";
    case FaultClass::kSite:
      return "; that is the site's fault";
    case FaultClass::kBroker:
      return "; that is the federation's fault";
    case FaultClass::kData:
      return "; that is a fault of its data";
    case FaultClass::kPolicy:
      return "; that is by a rule of the site or the federation";
  }
  __builtin_unreachable();
}

std::string ExitText(const JobView& job) {
  if (job.exit_signal > 0) {
    return fmt::format(" by signal {}", job.exit_signal);
  }
  return job.exit_code ? fmt::format(" with exit code {}", *job.exit_code) : "";
}

std::string ChargeText(const JobMoney& money) {
  const std::string held = FormatMoney({money.reserved_micros, money.unit});
  if (!money.settled) {
    return fmt::format("; the charge is not settled yet, {} are held", held);
  }
  return fmt::format("; charged {} of {} held{}", FormatMoney({money.charged_micros, money.unit}), held,
                     money.provisional ? ", provisionally" : "");
}

std::string EndSummary(const JobView& job) {
  const std::string where = job.site_name.empty() ? "" : fmt::format(" at {}", PlaceOf(job));
  const std::string when = job.ended_at ? fmt::format(" on {}", FormatTimestamp(*job.ended_at)) : "";
  return fmt::format("{}{}{}: {}{}{}{}{}", JobStateName(job.state), where, when, CauseText(job.cause), ExitText(job),
                     job.reason.empty() ? "" : fmt::format(" ({})", job.reason), FaultText(job.fault),
                     ChargeText(job.money));
}

}  // namespace

std::vector<ExplainedShare> ExplainShares(const JobRequest& request, const Evaluation& evaluation,
                                          const MatchSetting& setting, std::optional<ProjectId> project_id) {
  std::vector<ExplainedShare> shares;
  for (const ShareVerdict& verdict : evaluation.verdicts) {
    const ShareInfo& info = setting.federation.shares[verdict.share].info;
    ExplainedShare share{.verdict = verdict,
                         .site = info.site_name,
                         .share = info.name,
                         .chosen = evaluation.best == verdict.share,
                         .refusal = {},
                         .explanation = {},
                         .permanent = verdict.refusal && IsPermanent(*verdict.refusal),
                         .checks = ChecksOf(request, verdict, setting, project_id)};
    if (verdict.refusal) {
      share.refusal = RefusalReasonName(*verdict.refusal);
      const ShareCandidate candidate = CandidateOf(request, verdict.share, setting, project_id);
      share.explanation = RefusalSentence(*verdict.refusal, request, candidate);
    }
    shares.push_back(std::move(share));
  }
  std::ranges::sort(shares, ComesBefore);
  return shares;
}

std::string EvaluatedReason(const JobRequest& request, const Evaluation& evaluation, const MatchSetting& setting,
                            std::optional<ProjectId> project_id) {
  if (evaluation.best) {
    return fmt::format("{} can take it: the next round of placement decides",
                       ShareLabel(setting.federation.shares[*evaluation.best].info));
  }
  return WaitingReason(request, evaluation.refusals(), setting, project_id);
}

std::string WaitingSummary(const std::string& reason, int64_t jobs_ahead) {
  return fmt::format("waits{}{}: {}", jobs_ahead == 0 ? "" : fmt::format(" behind {} ", jobs_ahead),
                     jobs_ahead == 0   ? ""
                     : jobs_ahead == 1 ? "job"
                                       : "jobs",
                     reason);
}

std::string JobSummary(const JobView& job, std::chrono::seconds time_limit) {
  switch (job.state) {
    case JobState::kPending:
      return WaitingSummary(job.reason.empty() ? "no round of placement has looked at it yet" : job.reason, 0) +
             CancelText(job);
    case JobState::kPlaced:
      return fmt::format("is on its way to {}{}{}", PlaceOf(job),
                         job.reason.empty() ? ", which has not queued it yet" : ": " + job.reason, CancelText(job));
    case JobState::kQueued:
      return QueuedSummary(job) + CancelText(job);
    case JobState::kRunning:
      return RunningSummary(job, time_limit) + CancelText(job);
    case JobState::kCompleted:
    case JobState::kFailed:
    case JobState::kCancelled:
      return EndSummary(job);
  }
  __builtin_unreachable();
}

}  // namespace turnpike
