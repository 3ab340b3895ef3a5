#pragma once
// What the link measures of the network: round trips to the broker by small messages on the stream, how fast output is
// sent where there is enough of it, and round trips to other sites by a SiteProber.  What it tells the broker is what
// is new since it told last.  On the link's thread, but for NoteUpload.

#include <turnpike/v1/site_link_service.pb.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "adapters/core/sample_window.h"
#include "adapters/link/site_prober.h"
#include "base/mutex.h"
#include "base/random.h"
#include "base/time.h"

namespace turnpike {

class NetworkMeter {
 public:
  struct Settings {
    std::string probe_address;  // where this site answers to others' probes; empty: nowhere
    SiteProber::Settings probes;
    std::chrono::milliseconds ping_interval{15'000};
    std::chrono::milliseconds report_interval{60'000};
  };
  NetworkMeter(Settings settings, RandomSource& random);

  // `understood`: by the broker; else nothing is sent in this session.
  void StartSession(bool understood, MonotonicTime now);
  void EndSession() { in_session_ = false; }
  // The next message to send, if one is due.
  std::optional<v1::SynchronizeRequest> Next(MonotonicTime now) EXCLUDES(mutex_);
  // When the next one is; nullopt: never in this session.
  std::optional<MonotonicTime> DueTime() const;
  void TakePong(const v1::Pong& pong, MonotonicTime now);
  void TakeTargets(const v1::ProbeTargets& targets);

  // So much output reached the broker in that time.
  void NoteUpload(size_t bytes, std::chrono::microseconds time) EXCLUDES(mutex_);

 private:
  v1::SynchronizeRequest Report(MonotonicTime now) EXCLUDES(mutex_);

  const Settings settings_;
  std::unique_ptr<SiteProber> prober_;  // nullptr: others are not to be measured

  bool in_session_ = false;
  int64_t pings_sent_ = 0;
  int64_t reports_sent_ = 0;
  MonotonicTime ping_due_{};
  MonotonicTime report_due_{};
  std::map<int64_t, MonotonicTime> unanswered_;  // when each of the newest pings was sent
  SampleWindow round_trips_;                     // microseconds, of this session
  bool broker_measured_ = false;                 // since the last report

  Mutex mutex_;
  SampleWindow uploads_ GUARDED_BY(mutex_);  // bytes a second
  bool upload_measured_ GUARDED_BY(mutex_) = false;
};

}  // namespace turnpike
