#include "adapters/host/agent_work.h"

#include <algorithm>

#include "base/log.h"

namespace turnpike {
namespace {

// What the journal need not learn by itself: it changes with every look.
AttemptRecord WithoutSightings(AttemptRecord record) {
  record.last_seen_time.reset();
  record.last_usage.reset();
  record.claim_sent.reset();
  record.absence = {};
  record.end_seen.reset();
  record.usage_owed_since.reset();
  return record;
}

void LogDecision(const AttemptRecord& before, const Decision& decision) {
  if (before.phase != decision.record.phase) {
    LogInfo("attempt changed", {{"attempt", before.attempt_id.ToString()},
                                {"from", std::string(AttemptPhaseName(before.phase))},
                                {"to", std::string(AttemptPhaseName(decision.record.phase))},
                                {"rule", std::string(decision.rule)}});
  }
}

}  // namespace

void AgentRound::Work::Add(const AttemptRecord& before, const Decision& decision, Timestamp now) {
  LogDecision(before, decision);
  if (!(WithoutSightings(before) == WithoutSightings(decision.record))) {
    batch.PutAttempt(decision.record);
  }
  for (const Fact& fact : decision.facts) {
    Report(decision.record, fact, now);
  }
  ends_some = ends_some || (!IsFinal(before.phase) && IsFinal(decision.record.phase));
  cancel.insert(cancel.end(), decision.cancel.begin(), decision.cancel.end());
  records.insert_or_assign(before.attempt_id, decision.record);
}

void AgentRound::Work::Put(const AttemptRecord& record) {
  batch.PutAttempt(record);
  records.insert_or_assign(record.attempt_id, record);
}

void AgentRound::Work::Report(const AttemptRecord& record, Fact fact, Timestamp now) {
  batch.AddReport(
      {.seq = 0, .attempt_id = record.attempt_id, .fence = record.fence, .time = now, .fact = std::move(fact)});
}

bool IsCompleteLook(const PollResult& poll) {
  return !poll.sources.empty() && std::all_of(poll.sources.begin(), poll.sources.end(),
                                              [](const SourceReading& source) { return source.complete; });
}

bool IsRefusal(const Status& status) {
  return status.code() == StatusCode::kInvalidArgument || status.code() == StatusCode::kNotFound ||
         status.code() == StatusCode::kFailedPrecondition || status.code() == StatusCode::kUnimplemented;
}

}  // namespace turnpike
