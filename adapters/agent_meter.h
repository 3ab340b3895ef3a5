#pragma once
// What a running agent measures of itself, through the hooks of its parts.  Hooks may be called on any thread.

#include <chrono>
#include <functional>

#include "adapters/host/journal_state.h"
#include "base/metrics.h"
#include "base/status.h"

namespace turnpike {

class AgentMeter {
 public:
  // `metrics` outlives the meter, and the meter its hooks.
  explicit AgentMeter(Metrics& metrics);

  std::function<void(int64_t, std::chrono::steady_clock::duration)> OfJournal();
  std::function<void(std::chrono::steady_clock::duration, const Status&)> OfLooks();
  void NoteSession(bool welcomed);
  void NoteState(const JournalState& state);

 private:
  Histogram& journal_sync_seconds_;
  Counter& journal_bytes_;
  Histogram& round_seconds_;
  Counter& rounds_failed_;
  Gauge& attempts_;
  Gauge& reports_waiting_;
  Gauge& link_connected_;
  Counter& link_sessions_;
};

}  // namespace turnpike
