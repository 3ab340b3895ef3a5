// The changes of an attempt that come from an answer, the broker's or the scheduler's, and not from a look at the site.
#include "adapters/core/reconcile.h"
#include "base/check.h"

namespace turnpike {
namespace {

Decision Begin(const AttemptRecord& record, AttemptEvent event, std::string_view rule) {
  const std::optional<AttemptPhase> next = NextAttemptPhase(record.phase, event);
  CHECK(next.has_value());
  Decision decision{.rule = rule, .record = record};
  decision.record.phase = *next;
  return decision;
}

Decision Refused(const AttemptRecord& record, NotStartedFact why) {
  if (!record.submit_unsure) {
    return RefuseBeforeStart(record, std::move(why));
  }
  // An earlier spawn may still have left a job: only the guard can tell.
  Decision decision = Begin(record, AttemptEvent::kAnswerUnknown, "refused after a doubt");
  decision.record.give_up = std::move(why);
  return decision;
}

}  // namespace

Decision ApplySubmitOutcome(const AttemptRecord& record, const SubmitOutcome& outcome) {
  switch (outcome.kind) {
    case SubmitOutcome::Kind::kAccepted: {
      Decision decision = Begin(record, AttemptEvent::kAccepted, "accepted");
      decision.record.identity = outcome.identity;
      decision.facts.push_back(SubmittedFact{.cluster = outcome.identity.cluster,
                                             .local_job_id = outcome.identity.local_job_id,
                                             .submit_time = outcome.identity.submit_time});
      return decision;
    }
    case SubmitOutcome::Kind::kRefused:
      return Refused(record, {NotStartedKind::kRefused, outcome.detail});
    case SubmitOutcome::Kind::kBackPressure:
      return Refused(record, {NotStartedKind::kBackPressure, outcome.detail});
    case SubmitOutcome::Kind::kAmbiguous:
      break;
  }
  Decision decision = Begin(record, AttemptEvent::kAnswerUnknown, "answer unknown");
  decision.record.submit_unsure = true;
  decision.facts.push_back(AmbiguousFact{.detail = outcome.detail});
  return decision;
}

Decision RefuseBeforeStart(const AttemptRecord& record, NotStartedFact why) {
  CHECK(!record.submit_unsure);
  Decision decision = Begin(record, AttemptEvent::kRefuse, "refused");
  decision.facts.push_back(std::move(why));
  return decision;
}

Decision ApplyGo(const AttemptRecord& record, MonotonicTime lease_end) {
  Decision decision = Begin(record, AttemptEvent::kGo, "go");
  decision.record.lease_end = lease_end;
  return decision;
}

Decision ApplyClaim(const AttemptRecord& record) {
  Decision decision = Begin(record, AttemptEvent::kClaim, "claim");
  decision.record.lease_end.reset();
  decision.record.claim_sent.reset();
  decision.facts.push_back(ClaimedFact{});
  return decision;
}

}  // namespace turnpike
