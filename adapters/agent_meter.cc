#include "adapters/agent_meter.h"

namespace turnpike {

AgentMeter::AgentMeter(Metrics& metrics)
    : journal_sync_seconds_(metrics.HistogramOf(Metric::kAgentJournalSyncSeconds)),
      journal_bytes_(metrics.CounterOf(Metric::kAgentJournalBytes)),
      round_seconds_(metrics.HistogramOf(Metric::kAgentRoundSeconds)),
      rounds_failed_(metrics.CounterOf(Metric::kAgentRoundsFailed)),
      attempts_(metrics.GaugeOf(Metric::kAgentAttempts)),
      reports_waiting_(metrics.GaugeOf(Metric::kAgentReportsWaiting)),
      link_connected_(metrics.GaugeOf(Metric::kAgentLinkConnected)),
      link_sessions_(metrics.CounterOf(Metric::kAgentLinkSessions)) {}

std::function<void(int64_t, std::chrono::steady_clock::duration)> AgentMeter::OfJournal() {
  return [this](int64_t bytes, std::chrono::steady_clock::duration time) {
    journal_bytes_.Add(bytes);
    journal_sync_seconds_.Observe(time);
  };
}

std::function<void(std::chrono::steady_clock::duration, const Status&)> AgentMeter::OfLooks() {
  return [this](std::chrono::steady_clock::duration time, const Status& status) {
    round_seconds_.Observe(time);
    rounds_failed_.Add(status.ok() ? 0 : 1);
  };
}

void AgentMeter::NoteSession(bool welcomed) {
  link_connected_.Set(welcomed ? 1 : 0);
  link_sessions_.Add(welcomed ? 1 : 0);
}

void AgentMeter::NoteState(const JournalState& state) {
  attempts_.Set(static_cast<double>(state.attempts.size()));
  reports_waiting_.Set(static_cast<double>(state.report_seq - state.acked_seq));
}

}  // namespace turnpike
