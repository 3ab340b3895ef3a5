#pragma once
// What one step of the agent's round has decided: to be journaled with one sync, and acted on after that.

#include <map>
#include <vector>

#include "adapters/core/reconcile.h"
#include "adapters/host/agent_round.h"
#include "adapters/host/journal.h"

namespace turnpike {

struct AgentRound::Work {
  JournalBatch batch;
  std::map<AttemptId, AttemptRecord> records;  // as they are once the batch is durable
  std::vector<LocalJobIdentity> cancel;
  bool ends_some = false;

  // `before` is what the journal has.
  void Add(const AttemptRecord& before, const Decision& decision, Timestamp now);
  // A new attempt, or one that was changed by hand.
  void Put(const AttemptRecord& record);
  void Report(const AttemptRecord& record, Fact fact, Timestamp now);
};

// Every source answered in full.
bool IsCompleteLook(const PollResult& poll);

// What a check of an order says: fit for the job's owner, and not that the host could not tell.
bool IsRefusal(const Status& status);

}  // namespace turnpike
