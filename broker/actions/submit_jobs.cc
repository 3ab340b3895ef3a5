#include "broker/actions/submit_jobs.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "base/error_reason.h"
#include "billing/core/allocation.h"
#include "broker/actions/stored_answer.h"
#include "broker/core/advice.h"
#include "broker/core/evaluate.h"
#include "broker/core/reason.h"
#include "broker/core/stored_request.h"

namespace turnpike {
namespace {

// An error is read in one go: the changes that are the least.  Of a batch the first refused job gets them, for a try of
// many changes on all shares costs far more than the refusal itself.
constexpr size_t kAdvicesTold = 2;

Status NoSiteFits(const JobRequest& request, const Evaluation& evaluation, const MatchSetting& setting) {
  if (setting.federation.shares.empty()) {
    return WithReason(FailedPrecondition("no site has reported anything that a job could run on yet"),
                      ErrorReason::kNoSiteFits);
  }
  const std::string why = WaitingReason(request, evaluation.refusals(), setting);
  return WithReason(FailedPrecondition("no site can run this job: {}", why), ErrorReason::kNoSiteFits);
}

// What ExplainJob would say, had the job been taken; what the account has left is not known here.
Status WithAdvice(const Status& none, const JobRequest& again, const Evaluation& evaluation,
                  const MatchSetting& setting) {
  const AdviceBasis basis{.request = again, .project_id = {}, .available_micros = std::numeric_limits<int64_t>::max()};
  std::vector<std::string> texts;
  for (Advice& advice : AdviceFor(basis, evaluation, setting)) {
    if (texts.size() < kAdvicesTold) {
      texts.push_back(std::move(advice.text));
    }
  }
  if (texts.empty()) {
    return none;
  }
  return WithReason(FailedPrecondition("{}; what would help: {}", MessageOf(none), fmt::join(texts, "; or ")),
                    ErrorReason::kNoSiteFits);
}

JobRequest RequestOf(const SubmissionDraft& draft, const JobDraft& job, int64_t price_list) {
  JobRequest request = job.request;
  request.unit = draft.project_unit;
  request.price_list = price_list;
  return request;
}

// Puts the results of the stored jobs back among those that never went to the store.
std::vector<Result<JobView>> Merge(const std::vector<Status>& refused, const std::vector<Result<JobView>>& stored) {
  std::vector<Result<JobView>> results;
  size_t next = 0;
  for (const Status& status : refused) {
    if (status.ok()) {
      results.push_back(stored[next++]);
    } else {
      results.emplace_back(status);
    }
  }
  return results;
}

SubmissionAnswer AnswerOf(const SubmitVerdict& verdict, const std::vector<Status>& refused) {
  return {.results = Merge(refused, verdict.results)};
}

}  // namespace

void SubmitJobs::Run(const SubmissionDraft& draft, Done done) {
  const Result<Terms> terms = TermsFor(draft, parts_.clock.Now());
  SubmitCall call{.key = draft.key, .jobs = {}, .encode_reply = {}};
  auto refused = std::make_shared<std::vector<Status>>();
  for (const JobDraft& job : draft.jobs) {
    Result<NewJob> prepared = Prepare(draft, job, terms, call.refusals);
    refused->push_back(prepared.status());
    if (prepared.ok()) {
      call.jobs.push_back(*std::move(prepared));
    }
  }
  call.encode_reply = [refused](const std::vector<Result<JobView>>& stored) {
    return EncodeAnswer(Merge(*refused, stored));
  };
  // Also a call with nothing left to store goes through the queue: its key may be a repeat of one that had.
  parts_.queue.Enqueue(std::move(call), [refused, done = std::move(done)](Result<SubmitVerdict> verdict) {
    if (!verdict.ok()) {
      done(verdict.status());
    } else if (!verdict->status.ok()) {
      done(verdict->status);
    } else if (verdict->repeated) {
      Result<std::vector<Result<JobView>>> results = DecodeAnswer(verdict->reply);
      results.ok() ? done(SubmissionAnswer{.results = *std::move(results)}) : done(results.status());
    } else {
      done(AnswerOf(*verdict, *refused));
    }
  });
}

std::vector<Result<JobView>> SubmitJobs::Validate(const SubmissionDraft& draft) {
  const Result<Terms> terms = TermsFor(draft, parts_.clock.Now());
  std::vector<QuoteRefusal> refusals;  // Kept nowhere: nothing was asked for in earnest.
  std::vector<Result<JobView>> results;
  for (const JobDraft& job : draft.jobs) {
    const Result<NewJob> prepared = Prepare(draft, job, terms, refusals);
    if (!prepared.ok()) {
      results.emplace_back(prepared.status());
      continue;
    }
    JobView view;
    view.project_id = draft.key.project_id;
    view.name = prepared->name;
    view.time_limit_seconds = prepared->time_limit_seconds;
    view.money.unit = prepared->unit;
    view.money.reserved_micros = prepared->reserve_micros;
    results.emplace_back(std::move(view));
  }
  return results;
}

Result<SubmitJobs::Terms> SubmitJobs::TermsFor(const SubmissionDraft& draft, Timestamp now) {
  Terms terms{.basis = parts_.basis.Basis(), .price_list = 0, .ceiling_micros = {}, .now = now};
  terms.price_list = terms.basis->price_list_newest;
  if (draft.quote.empty() || !draft.jobs.front().invalid.ok()) {
    return terms;
  }
  const JobDraft& job = draft.jobs.front();
  ASSIGN_OR_RETURN(const QuoteTerms quoted, parts_.seal.Open(draft.quote));
  RETURN_IF_ERROR(CheckQuote(
      quoted, {.project_id = draft.key.project_id, .spec_digest = DigestSpec(job.spec, job.script), .now = now}));
  ASSIGN_OR_RETURN(terms.basis, parts_.basis.BasisWith(quoted.price_list));
  terms.price_list = quoted.price_list;
  terms.ceiling_micros = quoted.ceiling_micros;
  return terms;
}

// A quote that does not hold refuses the job, not the call: its key may be a repeat of one that it did hold for.
Result<NewJob> SubmitJobs::Prepare(const SubmissionDraft& draft, const JobDraft& job, const Result<Terms>& terms,
                                   std::vector<QuoteRefusal>& refusals) {
  RETURN_IF_ERROR(job.invalid);
  RETURN_IF_ERROR(terms.status());
  JobRequest request = RequestOf(draft, job, terms->price_list);
  if (terms->ceiling_micros) {
    request.budget_micros = std::min(request.budget_micros.value_or(*terms->ceiling_micros), *terms->ceiling_micros);
  }
  const MatchSetting setting = SettingAt(*terms->basis, terms->now);
  const Evaluation evaluation = Evaluate(request, setting);
  if (!evaluation.any_eligible()) {
    Status none = NoSiteFits(request, evaluation, setting);
    const bool is_first = refusals.empty();
    refusals.push_back({.reason = ErrorReason::kNoSiteFits,
                        .request = EncodeJobRequest(request),
                        .detail = std::string(MessageOf(none))});
    return is_first ? WithAdvice(none, RequestOf(draft, job, terms->basis->price_list_newest), evaluation, setting)
                    : none;
  }
  // From here on the hold is the most that the job may cost, wherever it goes.
  request.budget_micros = evaluation.ceiling_max_micros;
  const RequestedShape shape = ShapeOf(request);
  NewJob out;
  out.job_id = parts_.ids.TimeOrdered<JobId>();
  out.name = job.name;
  out.subject = draft.subject;
  out.trace = draft.trace;
  out.class_request = EncodeJobRequest(request);
  out.class_id = ClassIdOf(out.class_request);
  out.spec = job.spec;
  out.script = job.script;
  out.priority = request.priority;
  out.nodes = shape.nodes;
  out.cores = shape.tasks * shape.cpus_per_task;
  out.accelerators = shape.nodes * shape.accelerators_per_node;
  out.time_limit_seconds = request.time_limit.value_or(std::chrono::seconds(0)).count();
  out.attempts_max = request.attempts_max;
  out.rerun_safe = request.rerun_safe;
  out.created_at = terms->now;
  out.reserve_micros = evaluation.ceiling_max_micros;
  out.unit = request.unit;
  return out;
}

}  // namespace turnpike
