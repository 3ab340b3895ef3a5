#pragma once
// The one table of metrics: what each is called, what it counts, which labels it has.  docs/metrics.md explains them,
// deploy/observability draws and judges them; a test holds the three together.

#include <cstddef>
#include <span>
#include <string_view>

namespace turnpike {

enum class Metric {
  // Both programs.
  kBuildInfo,
  kProcessStartTime,
  kProcessCpu,
  kProcessMemory,
  kProcessOpenFiles,
  kCertificateEnd,
  // The broker: calls.
  kCalls,
  kCallSeconds,
  kCallsOpen,
  kCallsRefused,
  kTasksWaiting,
  kSlowReadersCut,
  // The broker: submissions.
  kSubmissions,
  kSubmissionsWaiting,
  kCommitJobs,
  kCommitSeconds,
  // The broker: placement.
  kPlacementSeconds,
  kPlacementPlanned,
  kPlacementPlaced,
  kPlacementRefusals,
  kPlacementHopeless,
  kLeaseHeld,
  kLeaseEpoch,
  kJobsWaiting,
  kJobClasses,
  kJobsAtSites,
  kOffersExpired,
  kChargesProvisional,
  // The broker: events and who follows them.
  kLoggedEvents,
  kEventLag,
  kWatchStreams,
  // The broker: sites.
  kSiteConnected,
  kSiteLastSeen,
  kSessions,
  kReports,
  kReportSeconds,
  kLogBytes,
  // The broker: the database and the books.
  kTransactions,
  kTransactionRetries,
  kConnections,
  // The agent.
  kAgentCommands,
  kAgentCommandSeconds,
  kAgentJournalSyncSeconds,
  kAgentJournalBytes,
  kAgentAttempts,
  kAgentReportsWaiting,
  kAgentRoundSeconds,
  kAgentRoundsFailed,
  kAgentLinkConnected,
  kAgentLinkSessions,
};

enum class MetricKind { kCounter, kGauge, kHistogram };
enum class MetricHome { kBoth, kBroker, kAgent };

constexpr size_t kMetricLabelsMax = 2;

struct MetricInfo {
  Metric metric;
  MetricHome home;
  MetricKind kind;
  std::string_view name;
  std::string_view labels;  // by comma: "method,code"; none: ""
  std::string_view help;
  std::span<const double> bounds = {};  // of a histogram's buckets, rising
};

// In the order of the enum.
std::span<const MetricInfo> MetricTable();
const MetricInfo& MetricInfoOf(Metric metric);

}  // namespace turnpike
