#pragma once
// What the agents' calls are measured with.  Thread-safe.

#include "base/metrics.h"
#include "broker/core/site_report.h"

namespace turnpike {

struct LinkCounts {
  static constexpr size_t kKinds = static_cast<size_t>(ReportKind::kUnreadable) + 1;

  explicit LinkCounts(Metrics& metrics)
      : reports(metrics, Metric::kReports,
                [](size_t kind) { return LabelValues{std::string(ReportKindName(static_cast<ReportKind>(kind)))}; }),
        report_seconds(metrics.HistogramOf(Metric::kReportSeconds)),
        log_bytes(metrics.CounterOf(Metric::kLogBytes)),
        agents_cut(metrics.CounterOf(Metric::kSlowReadersCut, {"agent"})) {
    // A series that begins with its first report has no increase by which an alert could see it.
    for (size_t kind = 0; kind < kKinds; ++kind) {
      reports.Add(kind, 0);
    }
  }

  CounterArray<kKinds> reports;
  Histogram& report_seconds;
  Counter& log_bytes;
  Counter& agents_cut;
};

}  // namespace turnpike
