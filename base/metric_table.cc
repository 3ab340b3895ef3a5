#include "base/metric_table.h"

#include <iterator>

namespace turnpike {
namespace {

// Of answers that a person waits for: 0.5 ms to 30 s.
constexpr double kCallBounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
// Of a commit or a sync: 0.1 ms to 5 s.
constexpr double kCommitBounds[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                    0.025,  0.05,    0.1,    0.25,  0.5,    1,     5};
constexpr double kBatchBounds[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000};
// Of a scheduler's commands: 10 ms to 2 min.
constexpr double kCommandBounds[] = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120};

constexpr MetricHome kBoth = MetricHome::kBoth;
constexpr MetricHome kBroker = MetricHome::kBroker;
constexpr MetricHome kAgent = MetricHome::kAgent;
constexpr MetricKind kCounter = MetricKind::kCounter;
constexpr MetricKind kGauge = MetricKind::kGauge;
constexpr MetricKind kHistogram = MetricKind::kHistogram;

constexpr MetricInfo kTable[] = {
    {Metric::kBuildInfo, kBoth, kGauge, "turnpike_build_info", "program,version",
     "Always 1; the labels say what runs."},
    {Metric::kProcessStartTime, kBoth, kGauge, "process_start_time_seconds", "",
     "When the process began, in seconds since 1970."},
    {Metric::kProcessCpu, kBoth, kCounter, "process_cpu_seconds_total", "", "CPU time that the process has used."},
    {Metric::kProcessMemory, kBoth, kGauge, "process_resident_memory_bytes", "", "Memory that the process holds."},
    {Metric::kProcessOpenFiles, kBoth, kGauge, "process_open_fds", "", "Files and sockets that the process has open."},

    {Metric::kCertificateEnd, kBoth, kGauge, "turnpike_certificate_end_timestamp_seconds", "",
     "When the program's own certificate ends, in seconds since 1970."},

    {Metric::kCalls, kBroker, kCounter, "turnpike_calls_total", "method,code",
     "Calls that have ended, by their status."},
    {Metric::kCallSeconds, kBroker, kHistogram, "turnpike_call_seconds", "method",
     "How long unary calls took, from their arrival to their status.", kCallBounds},
    {Metric::kCallsOpen, kBroker, kGauge, "turnpike_calls_open", "method",
     "Calls that have begun and not ended, streams among them."},
    {Metric::kCallsRefused, kBroker, kCounter, "turnpike_calls_refused_total", "cause",
     "Calls refused before they were read, by the limit that they met."},
    {Metric::kTasksWaiting, kBroker, kGauge, "turnpike_tasks_waiting", "pool", "Tasks that wait for a worker."},
    {Metric::kSlowReadersCut, kBroker, kCounter, "turnpike_slow_readers_cut_total", "stream",
     "Streams ended because the other side read too slowly."},

    {Metric::kSubmissions, kBroker, kCounter, "turnpike_submissions_total", "outcome",
     "Submitted jobs that were answered: ACCEPTED, or the reason of the refusal."},
    {Metric::kSubmissionsWaiting, kBroker, kGauge, "turnpike_submissions_waiting_jobs", "",
     "Jobs that wait for the next group commit."},
    {Metric::kCommitJobs, kBroker, kHistogram, "turnpike_commit_jobs", "", "Jobs in one group commit.", kBatchBounds},
    {Metric::kCommitSeconds, kBroker, kHistogram, "turnpike_commit_seconds", "",
     "How long a group commit took, with all its statements.", kCommitBounds},

    {Metric::kPlacementSeconds, kBroker, kHistogram, "turnpike_placement_round_seconds", "",
     "How long the matcher took for one round.", kCommitBounds},
    {Metric::kPlacementPlanned, kBroker, kCounter, "turnpike_placement_planned_total", "",
     "Attempts that rounds have planned."},
    {Metric::kPlacementPlaced, kBroker, kCounter, "turnpike_placement_placed_total", "",
     "Planned attempts that were stored: the rest had changed meanwhile."},
    {Metric::kPlacementRefusals, kBroker, kCounter, "turnpike_placement_refusals_total", "reason",
     "Shares that a round refused to a class of jobs that went on waiting, by reason."},
    {Metric::kPlacementHopeless, kBroker, kCounter, "turnpike_placement_hopeless_total", "",
     "Waiting jobs that failed because no share can run them any more."},
    {Metric::kLeaseHeld, kBroker, kGauge, "turnpike_placement_lease_held", "",
     "1 in the replica that places jobs, 0 in the others."},
    {Metric::kLeaseEpoch, kBroker, kGauge, "turnpike_placement_lease_epoch", "",
     "How often the placement lease has changed hands."},
    {Metric::kJobsWaiting, kBroker, kGauge, "turnpike_jobs_waiting", "", "Jobs that have no site yet."},
    {Metric::kJobClasses, kBroker, kGauge, "turnpike_job_classes", "", "Different requests among the live jobs."},
    {Metric::kJobsAtSites, kBroker, kGauge, "turnpike_jobs_at_sites", "", "Live jobs that have a site."},
    {Metric::kOffersExpired, kBroker, kCounter, "turnpike_offers_expired_total", "",
     "Offers withdrawn because nobody claimed them in time."},
    {Metric::kChargesProvisional, kBroker, kCounter, "turnpike_charges_provisional_total", "",
     "Charges made without a usage record, which did not come in time."},

    {Metric::kLoggedEvents, kBroker, kCounter, "turnpike_job_events_total", "kind",
     "Events of jobs that this replica has read from the log; every replica reads them all."},
    {Metric::kEventLag, kBroker, kGauge, "turnpike_event_lag_seconds", "",
     "How far behind the end of the event log: since its last read to the end, or the age of what waits to be "
     "readable."},
    {Metric::kWatchStreams, kBroker, kGauge, "turnpike_watch_streams", "", "Readers that follow jobs or their output."},

    {Metric::kSiteConnected, kBroker, kGauge, "turnpike_site_connected", "site",
     "1 while a site's agent has a stream to any replica; stays 1 when that replica is killed, until the agent comes "
     "back."},
    {Metric::kSiteLastSeen, kBroker, kGauge, "turnpike_site_last_seen_timestamp_seconds", "site",
     "When a site last reported its capacity, in seconds since 1970."},
    {Metric::kSessions, kBroker, kGauge, "turnpike_sessions", "", "Streams of agents that this replica holds."},
    {Metric::kReports, kBroker, kCounter, "turnpike_reports_total", "kind",
     "Reports of agents that were stored or recognised as told before."},
    {Metric::kReportSeconds, kBroker, kHistogram, "turnpike_report_batch_seconds", "",
     "How long it took to store one message of reports.", kCommitBounds},
    {Metric::kLogBytes, kBroker, kCounter, "turnpike_log_bytes_total", "", "Bytes of jobs' output that agents sent."},

    {Metric::kTransactions, kBroker, kCounter, "turnpike_transactions_total", "pool,outcome",
     "Transactions: ok, refused (rolled back), or unknown (the commit was not answered)."},
    {Metric::kTransactionRetries, kBroker, kCounter, "turnpike_transaction_retries_total", "pool",
     "Transactions run again after a deadlock or a serialization failure."},
    {Metric::kConnections, kBroker, kGauge, "turnpike_database_connections", "pool", "Open connections to PostgreSQL."},

    {Metric::kAgentCommands, kAgent, kCounter, "turnpike_agent_commands_total", "command,outcome",
     "Commands of the scheduler: ok, failed (exit code), timed_out, not_run."},
    {Metric::kAgentCommandSeconds, kAgent, kHistogram, "turnpike_agent_command_seconds", "command",
     "How long the scheduler's commands took.", kCommandBounds},
    {Metric::kAgentJournalSyncSeconds, kAgent, kHistogram, "turnpike_agent_journal_sync_seconds", "",
     "How long one entry of the journal took to be written and synced.", kCommitBounds},
    {Metric::kAgentJournalBytes, kAgent, kCounter, "turnpike_agent_journal_bytes_total", "",
     "Bytes written to the journal."},
    {Metric::kAgentAttempts, kAgent, kGauge, "turnpike_agent_attempts", "", "Attempts that the agent looks after."},
    {Metric::kAgentReportsWaiting, kAgent, kGauge, "turnpike_agent_reports_waiting", "",
     "Reports that the broker has not acknowledged."},
    {Metric::kAgentRoundSeconds, kAgent, kHistogram, "turnpike_agent_round_seconds", "",
     "How long one look at the scheduler took, with what followed from it.", kCommandBounds},
    {Metric::kAgentRoundsFailed, kAgent, kCounter, "turnpike_agent_rounds_failed_total", "",
     "Rounds that ended early with an error."},
    {Metric::kAgentLinkConnected, kAgent, kGauge, "turnpike_agent_link_connected", "",
     "1 while the broker has welcomed the agent."},
    {Metric::kAgentLinkSessions, kAgent, kCounter, "turnpike_agent_link_sessions_total", "",
     "How often the broker has welcomed the agent."},
};

consteval bool IsInOrder() {
  for (size_t i = 0; i < std::size(kTable); ++i) {
    if (static_cast<size_t>(kTable[i].metric) != i) {
      return false;
    }
  }
  return std::size(kTable) == static_cast<size_t>(Metric::kAgentLinkSessions) + 1;
}
static_assert(IsInOrder(), "the table and the enum have the same order");

}  // namespace

std::span<const MetricInfo> MetricTable() {
  return kTable;
}

const MetricInfo& MetricInfoOf(Metric metric) {
  return kTable[static_cast<size_t>(metric)];
}

}  // namespace turnpike
