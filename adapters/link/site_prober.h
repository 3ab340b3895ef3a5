#pragma once
// Measures how far other sites are, on a thread of its own and one connection at a time: each site a few times, then
// again after a while that differs from look to look.  Thread-safe.

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "adapters/core/sample_window.h"
#include "adapters/host/agent_config.h"
#include "base/mutex.h"
#include "base/numeric_address.h"
#include "base/random.h"
#include "base/time.h"

namespace turnpike {

struct MeasuredRoundTrip {
  std::chrono::microseconds shortest{0};
  std::chrono::microseconds median{0};
  int samples = 0;
};
// Of samples in microseconds; not of an empty window.
MeasuredRoundTrip RoundTripOf(const SampleWindow& window);

class SiteProber {
 public:
  struct Target {
    std::string site;
    std::string address;
  };
  // nullopt: nothing answered.
  using Connect = std::function<std::optional<std::chrono::microseconds>(const NumericAddress& address)>;
  struct Settings {
    ProbePolicy policy = ProbePolicy::kPublic;
    std::chrono::milliseconds interval{300'000};
    Connect connect;  // empty: over the network
  };
  struct Measured {
    std::string site;
    std::optional<MeasuredRoundTrip> round_trip;  // nullopt: nothing answered
    MonotonicTime at{};
  };

  SiteProber(Settings settings, RandomSource& random);
  // Waits for a connection under way, two seconds at most.
  ~SiteProber();
  SiteProber(const SiteProber&) = delete;
  SiteProber& operator=(const SiteProber&) = delete;

  // All there are from now on.  An address that the policy does not allow, or that is none, is left out.
  void SetTargets(const std::vector<Target>& targets) EXCLUDES(mutex_);
  // What was measured since the last call, each site once.
  std::vector<Measured> TakeMeasured() EXCLUDES(mutex_);

 private:
  struct Known {
    NumericAddress address;
    MonotonicTime due{};
    SampleWindow window;
  };

  bool IsAllowed(const NumericAddress& address) const;
  void Work() EXCLUDES(mutex_);
  // The site whose turn it is, and its address, as soon as there is one; nullopt: to end.
  std::optional<std::pair<std::string, NumericAddress>> WaitForTurn() EXCLUDES(mutex_);
  std::vector<std::chrono::microseconds> Look(const NumericAddress& address) const;
  void Note(const std::string& site, const NumericAddress& address, const std::vector<std::chrono::microseconds>& times)
      EXCLUDES(mutex_);

  const Settings settings_;
  RandomSource& random_;
  Mutex mutex_;
  CondVar changed_;
  std::map<std::string, Known> known_ GUARDED_BY(mutex_);
  std::map<std::string, Measured> measured_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace turnpike
