#include "broker/actions/submit_jobs.h"

#include <memory>

#include "base/error_reason.h"
#include "billing/core/allocation.h"
#include "broker/actions/stored_answer.h"
#include "broker/core/evaluate.h"
#include "broker/core/reason.h"
#include "broker/core/stored_request.h"

namespace turnpike {
namespace {

Status NoSiteFits(const JobRequest& request, const Evaluation& evaluation, const MatchSetting& setting) {
  if (setting.federation.shares.empty()) {
    return WithReason(FailedPrecondition("no site has reported anything that a job could run on yet"),
                      ErrorReason::kNoSiteFits);
  }
  const std::string why = WaitingReason(request, evaluation.refusals(), setting);
  return WithReason(FailedPrecondition("no site can run this job: {}", why), ErrorReason::kNoSiteFits);
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

void SubmitJobs::Run(SubmissionDraft draft, Done done) {
  const std::shared_ptr<const QuoteBasis> basis = basis_.Basis();
  const Timestamp now = clock_.Now();
  SubmitCall call{.key = draft.key, .jobs = {}, .encode_reply = {}};
  auto refused = std::make_shared<std::vector<Status>>();
  for (const JobDraft& job : draft.jobs) {
    Result<NewJob> prepared = Prepare(draft, job, *basis, now);
    refused->push_back(prepared.status());
    if (prepared.ok()) {
      call.jobs.push_back(*std::move(prepared));
    }
  }
  call.encode_reply = [refused](const std::vector<Result<JobView>>& stored) {
    return EncodeAnswer(Merge(*refused, stored));
  };
  // Also a call with nothing left to store goes through the queue: its key may be a repeat of one that had.
  queue_.Enqueue(std::move(call), [refused, done = std::move(done)](Result<SubmitVerdict> verdict) {
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
  const std::shared_ptr<const QuoteBasis> basis = basis_.Basis();
  std::vector<Result<JobView>> results;
  for (const JobDraft& job : draft.jobs) {
    const Result<NewJob> prepared = Prepare(draft, job, *basis, clock_.Now());
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

Result<NewJob> SubmitJobs::Prepare(const SubmissionDraft& draft, const JobDraft& job, const QuoteBasis& basis,
                                   Timestamp now) {
  RETURN_IF_ERROR(job.invalid);
  JobRequest request = job.request;
  request.unit = draft.project_unit;
  request.price_list = basis.price_list_newest;
  const MatchSetting setting{
      .federation = basis.federation, .price_lists = basis.price_lists, .policy = basis.policy, .now = now};
  const Evaluation evaluation = Evaluate(request, setting);
  if (!evaluation.any_eligible()) {
    return NoSiteFits(request, evaluation, setting);
  }
  // From here on the hold is the most that the job may cost, wherever it goes.
  request.budget_micros = evaluation.ceiling_max_micros;
  const RequestedShape shape = ShapeOf(request);
  NewJob out;
  out.job_id = ids_.TimeOrdered<JobId>();
  out.name = job.name;
  out.subject = draft.subject;
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
  out.created_at = now;
  out.reserve_micros = evaluation.ceiling_max_micros;
  out.unit = request.unit;
  return out;
}

}  // namespace turnpike
