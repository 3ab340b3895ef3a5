#pragma once
// What a program measures of itself.  A part asks once for its instruments and keeps the references, or owns them and
// is shown by whoever assembles the program; measuring is then one relaxed atomic step, without a lock.  What is cheap
// to read and dear to keep current (queue lengths, states) is read when somebody asks.  Thread-safe; instruments live
// as long as the Metrics they came from.

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/metric_table.h"
#include "base/mutex.h"

namespace turnpike {

class Counter {
 public:
  void Add(int64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

class Gauge {
 public:
  void Set(double value) { value_.store(value, std::memory_order_relaxed); }
  void Add(double change) { value_.fetch_add(change, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

class Histogram {
 public:
  explicit Histogram(std::span<const double> bounds) : bounds_(bounds), counts_(bounds.size() + 1) {}
  void Observe(double value);
  void Observe(std::chrono::steady_clock::duration time) { Observe(std::chrono::duration<double>(time).count()); }

  std::span<const double> bounds() const { return bounds_; }
  // How many fell into each bucket; the last one is for what is above all bounds.
  std::vector<uint64_t> counts() const;
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  const std::span<const double> bounds_;
  std::vector<std::atomic<uint64_t>> counts_;
  std::atomic<double> sum_{0};
};

// One value for each label, in the table's order.
using LabelValues = std::vector<std::string>;

struct MeasuredSeries {
  LabelValues labels;
  double value = 0;              // of a counter or gauge
  std::vector<uint64_t> counts;  // of a histogram, as Histogram::counts
  double sum = 0;
};
struct MeasuredMetric {
  const MetricInfo* info = nullptr;
  std::vector<MeasuredSeries> series;
};

class Metrics {
 public:
  Metrics() = default;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The same instrument for the same labels.  Takes a lock: call it once and keep the reference.  A metric has at most
  // kSeriesMax combinations of labels; what comes later is counted under "other".
  Counter& CounterOf(Metric metric, const LabelValues& labels = {}) EXCLUDES(mutex_);
  Gauge& GaugeOf(Metric metric, const LabelValues& labels = {}) EXCLUDES(mutex_);
  Histogram& HistogramOf(Metric metric, const LabelValues& labels = {}) EXCLUDES(mutex_);

  // Instruments that a part owns itself; they outlive the last Collect.
  void Show(Metric metric, const LabelValues& labels, const Counter& counter) EXCLUDES(mutex_);
  void Show(Metric metric, const LabelValues& labels, const Histogram& histogram) EXCLUDES(mutex_);

  // `read` tells the series of a gauge or counter whenever somebody asks; what it uses must outlive the last Collect.
  using ReadSeries = std::function<std::vector<MeasuredSeries>()>;
  void ReadWhenAsked(Metric metric, ReadSeries read) EXCLUDES(mutex_);
  void ReadWhenAsked(Metric metric, const LabelValues& labels, std::function<double()> read) EXCLUDES(mutex_);

  // Everything measured, in the table's order; metrics without a series are left out.
  std::vector<MeasuredMetric> Collect() const EXCLUDES(mutex_);

  static constexpr size_t kSeriesMax = 1'000;

 private:
  struct Instrument {
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Gauge> gauge;
    std::unique_ptr<Histogram> histogram;
  };
  Instrument& Find(Metric metric, const LabelValues& labels) REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<Metric, std::map<LabelValues, Instrument>> instruments_ GUARDED_BY(mutex_);
  std::multimap<Metric, ReadSeries> readers_ GUARDED_BY(mutex_);
};

// A counter for each of kSize label values that are numbered: made when it is first counted, then found without a lock.
template <size_t kSize>
class CounterArray {
 public:
  // The labels for a number.
  using Name = std::function<LabelValues(size_t)>;
  CounterArray(Metrics& metrics, Metric metric, Name name)
      : metrics_(metrics), metric_(metric), name_(std::move(name)) {}

  void Add(size_t number, int64_t count = 1) {
    std::atomic<Counter*>& slot = slots_.at(number);
    Counter* counter = slot.load(std::memory_order_acquire);
    if (counter == nullptr) {
      counter = &metrics_.CounterOf(metric_, name_(number));
      slot.store(counter, std::memory_order_release);
    }
    counter->Add(count);
  }

 private:
  Metrics& metrics_;
  const Metric metric_;
  const Name name_;
  std::array<std::atomic<Counter*>, kSize> slots_{};
};

// Observes, when it ends, how long it lived.
class SecondsTimer {
 public:
  explicit SecondsTimer(Histogram& histogram) : histogram_(histogram) {}
  ~SecondsTimer() { histogram_.Observe(std::chrono::steady_clock::now() - begun_); }
  SecondsTimer(const SecondsTimer&) = delete;
  SecondsTimer& operator=(const SecondsTimer&) = delete;

 private:
  Histogram& histogram_;
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace turnpike
