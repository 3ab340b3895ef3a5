#include "broker/actions/explain_job.h"

#include "broker/core/advice.h"

namespace turnpike {
namespace {

// As it would be submitted again today, but not to where it was turned away.
JobRequest Again(JobRequest written, const WaitingStanding& standing) {
  written.unit = standing.request.unit;
  written.avoided_shares = standing.request.avoided_shares;
  written.price_list = standing.basis->price_list_newest;
  return written;
}

}  // namespace

Result<JobExplanation> ExplainJob::Run(const ExplainOrder& order) const {
  const JobView& job = order.job;
  if (job.state == JobState::kPending) {
    if (const std::optional<WaitingStanding> standing = parts_.waiting.StandingOf(job.job_id)) {
      return ExplainWaiting(order, *standing);
    }
  }
  return JobExplanation{.summary = JobSummary(job, TimeLimitOf(job)),
                        .jobs_ahead = 0,
                        .unit = job.money.unit,
                        .shares = {},
                        .advice = {}};
}

Result<JobExplanation> ExplainJob::ExplainWaiting(const ExplainOrder& order, const WaitingStanding& standing) const {
  const ProjectId project_id = order.job.project_id;
  const MatchSetting setting = SettingAt(*standing.basis, parts_.clock.Now());
  const Evaluation evaluation = Evaluate(standing.request, setting, project_id);
  const std::string reason = EvaluatedReason(standing.request, evaluation, setting, project_id);
  JobExplanation explanation{.summary = WaitingSummary(reason, standing.jobs_ahead),
                             .jobs_ahead = standing.jobs_ahead,
                             .unit = standing.request.unit,
                             .shares = ExplainShares(standing.request, evaluation, setting, project_id),
                             .advice = {}};
  AdviceBasis basis{.request = Again(order.written, standing), .project_id = project_id};
  ASSIGN_OR_RETURN(basis.available_micros, AvailableFor(order.job));
  for (Advice& advice : AdviceFor(basis, evaluation, setting)) {
    explanation.advice.push_back(std::move(advice.text));
  }
  return explanation;
}

Result<int64_t> ExplainJob::AvailableFor(const JobView& job) const {
  ASSIGN_OR_RETURN(const std::vector<AccountView> accounts,
                   parts_.ledger.Accounts({.project_id = job.project_id, .site_id = {}}));
  const int64_t available = accounts.empty() ? 0 : accounts.front().available_micros();
  return available + job.money.reserved_micros - job.money.charged_micros - job.money.released_micros;
}

std::chrono::seconds ExplainJob::TimeLimitOf(const JobView& job) const {
  if (job.time_limit_seconds > 0 || !job.site_id) {
    return std::chrono::seconds(job.time_limit_seconds);
  }
  const std::shared_ptr<const QuoteBasis> basis = parts_.basis.Basis();
  const std::optional<uint32_t> share = basis->federation.FindShare(*job.site_id, job.share);
  return share ? basis->federation.shares[*share].info.limits.time_limit_default : std::chrono::seconds(0);
}

}  // namespace turnpike
