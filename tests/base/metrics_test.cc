#include "base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace turnpike {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const MeasuredMetric* Find(const std::vector<MeasuredMetric>& all, Metric metric) {
  const auto found = std::ranges::find(all, metric, [](const MeasuredMetric& one) { return one.info->metric; });
  return found == all.end() ? nullptr : &*found;
}

TEST(Metrics, ShowsNothingOfWhatNobodyMeasures) {
  const Metrics metrics;
  EXPECT_THAT(metrics.Collect(), IsEmpty());
}

TEST(Metrics, GivesTheSameInstrumentForTheSameLabels) {
  Metrics metrics;
  Counter& ok = metrics.CounterOf(Metric::kCalls, {"A/B", "OK"});
  EXPECT_EQ(&metrics.CounterOf(Metric::kCalls, {"A/B", "OK"}), &ok);
  EXPECT_NE(&metrics.CounterOf(Metric::kCalls, {"A/B", "ABORTED"}), &ok);
}

TEST(Metrics, CountsFromManyThreadsWithoutLoss) {
  Metrics metrics;
  Counter& counter = metrics.CounterOf(Metric::kLogBytes);
  Histogram& histogram = metrics.HistogramOf(Metric::kCommitJobs);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10'000; ++n) {
        counter.Add();
        histogram.Observe(2.0);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(counter.value(), 40'000);
  EXPECT_EQ(histogram.counts()[1], 40'000U);
  EXPECT_EQ(histogram.sum(), 80'000.0);
}

TEST(Metrics, PutsWhatIsAboveAllBoundsIntoTheLastBucket) {
  Metrics metrics;
  Histogram& histogram = metrics.HistogramOf(Metric::kCommitJobs);
  histogram.Observe(1e9);
  EXPECT_EQ(histogram.counts().back(), 1U);
  EXPECT_EQ(histogram.counts().size(), histogram.bounds().size() + 1);
}

// A site's name is chosen by somebody else: memory and Prometheus must not grow with them.
TEST(Metrics, CountsUnderOtherWhatHasTooManyNames) {
  Metrics metrics;
  for (size_t i = 0; i < Metrics::kSeriesMax + 100; ++i) {
    metrics.GaugeOf(Metric::kSiteConnected, {"site" + std::to_string(i)}).Add(1);
  }
  const std::vector<MeasuredMetric> all = metrics.Collect();
  const MeasuredMetric* sites = Find(all, Metric::kSiteConnected);
  ASSERT_NE(sites, nullptr);
  EXPECT_THAT(sites->series, SizeIs(Metrics::kSeriesMax + 1));
  EXPECT_EQ(metrics.GaugeOf(Metric::kSiteConnected, {"other"}).value(), 100.0);
}

TEST(Metrics, ReadsWhenAskedWhatIsNotKeptCurrent) {
  Metrics metrics;
  double length = 1;
  metrics.ReadWhenAsked(Metric::kJobsWaiting, {}, [&] { return length; });
  length = 7;
  const std::vector<MeasuredMetric> all = metrics.Collect();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all.front().info->name, "turnpike_jobs_waiting");
  EXPECT_EQ(all.front().series.front().value, 7);
}

TEST(CounterArray, MakesACounterWhenItIsFirstCounted) {
  Metrics metrics;
  CounterArray<3> outcomes(metrics, Metric::kSubmissions,
                           [](size_t number) { return LabelValues{"outcome" + std::to_string(number)}; });
  EXPECT_THAT(metrics.Collect(), IsEmpty());
  outcomes.Add(2);
  outcomes.Add(2, 4);
  const std::vector<MeasuredMetric> all = metrics.Collect();
  ASSERT_THAT(all, SizeIs(1));
  ASSERT_THAT(all.front().series, SizeIs(1));
  EXPECT_THAT(all.front().series.front().labels, ElementsAre("outcome2"));
  EXPECT_EQ(all.front().series.front().value, 5);
}

// What Prometheus expects of a name: https://prometheus.io/docs/practices/naming.
TEST(MetricTable, NamesEachOnceAndByItsKind) {
  std::set<std::string_view> names;
  for (const MetricInfo& info : MetricTable()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_EQ(info.name.ends_with("_total"), info.kind == MetricKind::kCounter) << info.name;
    EXPECT_EQ(info.bounds.empty(), info.kind != MetricKind::kHistogram) << info.name;
    EXPECT_TRUE(std::ranges::is_sorted(info.bounds)) << info.name;
    EXPECT_TRUE(info.help.ends_with(".")) << info.name;
    const bool standard = info.home == MetricHome::kBoth && info.name.starts_with("process_");
    EXPECT_EQ(!standard, info.name.starts_with("turnpike_")) << info.name;
    EXPECT_EQ(info.home == MetricHome::kAgent, info.name.starts_with("turnpike_agent_")) << info.name;
  }
}

}  // namespace
}  // namespace turnpike
