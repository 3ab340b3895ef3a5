#pragma once
// Shows a program's metrics to Prometheus: plain HTTP, GET /metrics, on an address of its own.  Whoever can reach the
// address can read them: they name sites and methods, never users, projects or jobs.

#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/status.h"

namespace prometheus {
class Collectable;
class Exposer;
}  // namespace prometheus

namespace turnpike {

// Thread-safe.
class MetricsServer {
 public:
  // Listens at "host:port"; port 0 lets the system choose.  INVALID_ARGUMENT: no such address; UNAVAILABLE: taken.
  // `metrics`, and what it reads when asked, outlive the server.
  static Result<std::unique_ptr<MetricsServer>> Start(const std::string& address, const Metrics& metrics);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  int port() const { return port_; }

 private:
  MetricsServer() = default;

  int port_ = 0;
  std::shared_ptr<prometheus::Collectable> collectable_;
  std::unique_ptr<prometheus::Exposer> exposer_;  // ends first
};

}  // namespace turnpike
