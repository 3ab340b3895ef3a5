#include "base/exposition/metrics_server.h"

#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>

#include <exception>
#include <limits>
#include <numeric>
#include <vector>

namespace turnpike {
namespace {

constexpr char kThreads[] = "2";
constexpr char kRequestTimeoutMs[] = "10000";

prometheus::MetricType TypeOf(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter:
      return prometheus::MetricType::Counter;
    case MetricKind::kGauge:
      return prometheus::MetricType::Gauge;
    case MetricKind::kHistogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

std::vector<std::string> LabelNames(std::string_view names) {
  std::vector<std::string> out;
  while (!names.empty()) {
    const size_t comma = names.find(',');
    out.emplace_back(names.substr(0, comma));
    names = comma == std::string_view::npos ? "" : names.substr(comma + 1);
  }
  return out;
}

prometheus::ClientMetric::Histogram HistogramOf(std::span<const double> bounds, const MeasuredSeries& series) {
  prometheus::ClientMetric::Histogram out;
  out.sample_sum = series.sum;
  for (size_t i = 0; i < series.counts.size(); ++i) {
    out.sample_count += series.counts[i];
    const double bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
    out.bucket.push_back({.cumulative_count = out.sample_count, .upper_bound = bound});
  }
  return out;
}

prometheus::MetricFamily FamilyOf(const MeasuredMetric& measured) {
  const MetricInfo& info = *measured.info;
  const std::vector<std::string> names = LabelNames(info.labels);
  prometheus::MetricFamily family{
      .name = std::string(info.name), .help = std::string(info.help), .type = TypeOf(info.kind), .metric = {}};
  for (const MeasuredSeries& series : measured.series) {
    prometheus::ClientMetric& metric = family.metric.emplace_back();
    for (size_t i = 0; i < names.size(); ++i) {
      metric.label.push_back({.name = names[i], .value = series.labels.at(i)});
    }
    metric.counter.value = series.value;
    metric.gauge.value = series.value;
    if (info.kind == MetricKind::kHistogram) {
      metric.histogram = HistogramOf(info.bounds, series);
    }
  }
  return family;
}

class AllFamilies final : public prometheus::Collectable {
 public:
  explicit AllFamilies(const Metrics& metrics) : metrics_(metrics) {}
  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> families;
    for (const MeasuredMetric& measured : metrics_.Collect()) {
      families.push_back(FamilyOf(measured));
    }
    return families;
  }

 private:
  const Metrics& metrics_;
};

}  // namespace

Result<std::unique_ptr<MetricsServer>> MetricsServer::Start(const std::string& address, const Metrics& metrics) {
  if (address.rfind(':') == std::string::npos) {
    return InvalidArgument("the address for metrics '{}' has no port; give host:port", address);
  }
  std::unique_ptr<MetricsServer> server(new MetricsServer);
  server->collectable_ = std::make_shared<AllFamilies>(metrics);
  try {
    server->exposer_ = std::make_unique<prometheus::Exposer>(std::vector<std::string>{
        "listening_ports", address, "num_threads", kThreads, "request_timeout_ms", kRequestTimeoutMs});
    server->exposer_->RegisterCollectable(server->collectable_);
    server->port_ = server->exposer_->GetListeningPorts().at(0);
  } catch (const std::exception& error) {
    return Unavailable("cannot show metrics on {}: the address is taken, or not of this machine ({})", address,
                       error.what());
  }
  return server;
}

MetricsServer::~MetricsServer() = default;

}  // namespace turnpike
