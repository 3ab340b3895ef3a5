#include "base/metrics.h"

#include <algorithm>

#include "base/check.h"

namespace turnpike {
namespace {

size_t LabelCount(const MetricInfo& info) {
  return info.labels.empty() ? 0 : 1 + static_cast<size_t>(std::ranges::count(info.labels, ','));
}

}  // namespace

void Histogram::Observe(double value) {
  const auto bucket = static_cast<size_t>(std::ranges::lower_bound(bounds_, value) - bounds_.begin());
  counts_[bucket].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::vector<uint64_t> Histogram::counts() const {
  std::vector<uint64_t> counts;
  for (const std::atomic<uint64_t>& count : counts_) {
    counts.push_back(count.load(std::memory_order_relaxed));
  }
  return counts;
}

Metrics::Instrument& Metrics::Find(Metric metric, const LabelValues& labels) {
  CHECK(labels.size() == LabelCount(MetricInfoOf(metric)));
  auto& known = instruments_[metric];
  const auto found = known.find(labels);
  if (found != known.end()) {
    return found->second;
  }
  const bool full = known.size() >= kSeriesMax;
  return known[full ? LabelValues(labels.size(), "other") : labels];
}

Counter& Metrics::CounterOf(Metric metric, const LabelValues& labels) {
  CHECK(MetricInfoOf(metric).kind == MetricKind::kCounter);
  MutexLock lock(mutex_);
  std::unique_ptr<Counter>& counter = Find(metric, labels).counter;
  if (counter == nullptr) {
    counter = std::make_unique<Counter>();
  }
  return *counter;
}

Gauge& Metrics::GaugeOf(Metric metric, const LabelValues& labels) {
  CHECK(MetricInfoOf(metric).kind == MetricKind::kGauge);
  MutexLock lock(mutex_);
  std::unique_ptr<Gauge>& gauge = Find(metric, labels).gauge;
  if (gauge == nullptr) {
    gauge = std::make_unique<Gauge>();
  }
  return *gauge;
}

Histogram& Metrics::HistogramOf(Metric metric, const LabelValues& labels) {
  const MetricInfo& info = MetricInfoOf(metric);
  CHECK(info.kind == MetricKind::kHistogram);
  MutexLock lock(mutex_);
  std::unique_ptr<Histogram>& histogram = Find(metric, labels).histogram;
  if (histogram == nullptr) {
    histogram = std::make_unique<Histogram>(info.bounds);
  }
  return *histogram;
}

void Metrics::Show(Metric metric, const LabelValues& labels, const Counter& counter) {
  ReadWhenAsked(metric, [labels, &counter] {
    return std::vector<MeasuredSeries>{
        {.labels = labels, .value = static_cast<double>(counter.value()), .counts = {}, .sum = 0}};
  });
}

void Metrics::Show(Metric metric, const LabelValues& labels, const Histogram& histogram) {
  ReadWhenAsked(metric, [labels, &histogram] {
    return std::vector<MeasuredSeries>{
        {.labels = labels, .value = 0, .counts = histogram.counts(), .sum = histogram.sum()}};
  });
}

void Metrics::ReadWhenAsked(Metric metric, ReadSeries read) {
  MutexLock lock(mutex_);
  readers_.emplace(metric, std::move(read));
}

void Metrics::ReadWhenAsked(Metric metric, const LabelValues& labels, std::function<double()> read) {
  ReadWhenAsked(metric, [labels, read = std::move(read)] {
    return std::vector<MeasuredSeries>{{.labels = labels, .value = read(), .counts = {}, .sum = 0}};
  });
}

std::vector<MeasuredMetric> Metrics::Collect() const {
  std::vector<MeasuredMetric> all;
  for (const MetricInfo& info : MetricTable()) {
    all.push_back({.info = &info, .series = {}});
  }
  std::multimap<Metric, ReadSeries> readers;
  {
    MutexLock lock(mutex_);
    for (const auto& [metric, instruments] : instruments_) {
      for (const auto& [labels, instrument] : instruments) {
        MeasuredSeries& series = all[static_cast<size_t>(metric)].series.emplace_back();
        series.labels = labels;
        if (instrument.histogram != nullptr) {
          series.counts = instrument.histogram->counts();
          series.sum = instrument.histogram->sum();
        } else {
          series.value = instrument.counter != nullptr ? static_cast<double>(instrument.counter->value())
                                                       : instrument.gauge->value();
        }
      }
    }
    readers = readers_;  // They take locks of their own.
  }
  for (const auto& [metric, read] : readers) {
    std::vector<MeasuredSeries>& series = all[static_cast<size_t>(metric)].series;
    std::ranges::move(read(), std::back_inserter(series));
    series.resize(std::min(series.size(), kSeriesMax));
  }
  std::erase_if(all, [](const MeasuredMetric& metric) { return metric.series.empty(); });
  return all;
}

}  // namespace turnpike
