// What a broker shows of its parts when somebody asks: what they own or only know at that moment.

#include "base/exposition/process_metrics.h"
#include "broker/broker_parts_main.h"

namespace turnpike {
namespace {

void ShowTransactions(const std::string& pool, const TransactionRunner& runner, Metrics& metrics) {
  const TransactionRunner::Counts& counts = runner.counts();
  metrics.Show(Metric::kTransactions, {pool, "ok"}, counts.ok);
  metrics.Show(Metric::kTransactions, {pool, "refused"}, counts.refused);
  metrics.Show(Metric::kTransactions, {pool, "unknown"}, counts.unknown);
  metrics.Show(Metric::kTransactionRetries, {pool}, counts.retries);
  metrics.ReadWhenAsked(Metric::kConnections, LabelValues{pool},
                        [&runner] { return static_cast<double>(runner.open_connections()); });
}

void ShowIndex(const IndexFollower& index, Metrics& metrics) {
  metrics.ReadWhenAsked(Metric::kJobsWaiting, {}, [&index] { return static_cast<double>(index.Sizes().waiting); });
  metrics.ReadWhenAsked(Metric::kJobClasses, {}, [&index] { return static_cast<double>(index.Sizes().classes); });
  metrics.ReadWhenAsked(Metric::kJobsAtSites, {}, [&index] { return static_cast<double>(index.Sizes().placed); });
}

void ShowSites(const IndexFollower& index, Metrics& metrics) {
  metrics.ReadWhenAsked(Metric::kSiteConnected, [&index] {
    std::vector<MeasuredSeries> series;
    for (const SiteStanding& site : index.Sites()) {
      series.push_back({.labels = {site.name}, .value = site.connected ? 1.0 : 0.0, .counts = {}, .sum = 0});
    }
    return series;
  });
  metrics.ReadWhenAsked(Metric::kSiteLastSeen, [&index] {
    std::vector<MeasuredSeries> series;
    for (const SiteStanding& site : index.Sites()) {
      const double seen = SecondsOf(site.last_seen.value_or(Timestamp{}));
      series.push_back({.labels = {site.name}, .value = seen, .counts = {}, .sum = 0});
    }
    return series;
  });
}

}  // namespace

void BrokerParts::ShowMetrics() {
  MeasureProcess({.program = "turnpike-broker", .version = TURNPIKE_VERSION}, machine_clock, metrics);
  ShowTransactions("api", api_transactions, metrics);
  ShowTransactions("submit", submit_transactions, metrics);
  ShowTransactions("link", link_transactions, metrics);
  ShowTransactions("sites", site_transactions, metrics);
  ShowTransactions("placement", placement_transactions, metrics);
  ShowTransactions("events", event_transactions, metrics);
  ShowTransactions("watch", watch_transactions, metrics);
  ShowIndex(index, metrics);
  ShowSites(index, metrics);
  metrics.Show(Metric::kCommitJobs, {}, committer.commit_jobs());
  metrics.Show(Metric::kCommitSeconds, {}, committer.commit_seconds());
  metrics.Show(Metric::kSlowReadersCut, {"watcher"}, watch_hub.cut());
  metrics.ReadWhenAsked(Metric::kSubmissionsWaiting, {},
                        [this] { return static_cast<double>(committer.jobs_waiting()); });
  metrics.ReadWhenAsked(Metric::kWatchStreams, {}, [this] { return static_cast<double>(watch_hub.size()); });
  metrics.ReadWhenAsked(Metric::kSessions, {}, [this] { return static_cast<double>(site_sessions.Sites().size()); });
  metrics.ReadWhenAsked(Metric::kEventLag, {}, [this] { return placement.LagSeconds(); });
  metrics.ReadWhenAsked(Metric::kTasksWaiting, {"user"}, [this] { return static_cast<double>(user_pool.waiting()); });
  metrics.ReadWhenAsked(Metric::kTasksWaiting, {"agent"}, [this] { return static_cast<double>(agent_pool.waiting()); });
}

}  // namespace turnpike
