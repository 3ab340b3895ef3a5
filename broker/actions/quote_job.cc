#include "broker/actions/quote_job.h"

#include "base/money.h"
#include "broker/core/reason.h"
#include "broker/core/stored_request.h"

namespace turnpike {

Result<JobQuote> QuoteJob::Run(const QuoteOrder& order) {
  RETURN_IF_ERROR(order.job.invalid);
  const std::shared_ptr<const QuoteBasis> basis = parts_.basis.Basis();
  const MatchSetting setting = SettingAt(*basis, parts_.clock.Now());
  JobRequest request = order.job.request;
  request.unit = order.project_unit;
  request.price_list = basis->price_list_newest;
  const Evaluation evaluation = Evaluate(request, setting, order.project_id);
  RETURN_IF_ERROR(KeepIfRefused(order.project_id, request, evaluation, setting));
  JobQuote quote{.unit = request.unit,
                 .ceiling_micros = {},
                 .shares = ExplainShares(request, evaluation, setting, order.project_id),
                 .quote = {},
                 .expires_at = {}};
  if (!evaluation.any_eligible()) {
    return quote;
  }
  quote.ceiling_micros = evaluation.ceiling_max_micros;
  quote.expires_at = setting.now + kQuoteLifetime;
  ASSIGN_OR_RETURN(quote.quote, parts_.seal.Seal({.project_id = order.project_id,
                                                  .spec_digest = DigestSpec(order.job.spec, order.job.script),
                                                  .price_list = request.price_list,
                                                  .ceiling_micros = evaluation.ceiling_max_micros,
                                                  .unit = request.unit,
                                                  .expires_at = quote.expires_at}));
  return quote;
}

Status QuoteJob::KeepIfRefused(ProjectId project_id, const JobRequest& request, const Evaluation& evaluation,
                               const MatchSetting& setting) {
  if (!evaluation.any_eligible()) {
    return parts_.refusals.Keep(project_id, {.reason = ErrorReason::kNoSiteFits,
                                             .request = EncodeJobRequest(request),
                                             .detail = WaitingReason(request, evaluation.refusals(), setting)});
  }
  ASSIGN_OR_RETURN(const std::vector<AccountView> accounts,
                   parts_.ledger.Accounts({.project_id = project_id, .site_id = {}}));
  const int64_t available = accounts.empty() ? 0 : accounts.front().available_micros();
  if (evaluation.ceiling_max_micros <= available) {
    return OkStatus();
  }
  return parts_.refusals.Keep(project_id,
                              {.reason = ErrorReason::kBalanceTooLow,
                               .request = EncodeJobRequest(request),
                               .detail = fmt::format("the job may cost {}, and {} is available",
                                                     FormatMoney({evaluation.ceiling_max_micros, request.unit}),
                                                     FormatMoney({available, request.unit}))});
}

}  // namespace turnpike
