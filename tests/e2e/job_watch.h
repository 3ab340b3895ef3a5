#pragma once
// Follows every change of a project's jobs through WatchJobs, over restarts of the broker.  Has a thread of its own.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "base/stop_signal.h"
#include "sdk/client.h"

namespace turnpike {

class JobWatch {
 public:
  explicit JobWatch(std::unique_ptr<Client> client);
  // Waits for the stream's end, or for a sign of life of the broker, at most 15 s.
  ~JobWatch();
  void Stop() { stop_.Stop(); }

  // The newest version that came.
  std::optional<v1::Job> Find(const std::string& job_id) const EXCLUDES(mutex_);
  // OK while it watches.
  Status status() const EXCLUDES(mutex_);
  // The first wrong thing that came: a version after a newer one, a job that left a final state.
  std::string fault() const EXCLUDES(mutex_);

 private:
  void Take(const v1::JobEvent& event) EXCLUDES(mutex_);

  std::unique_ptr<Client> client_;
  StopSignal stop_;
  mutable Mutex mutex_;
  std::map<std::string, v1::Job> jobs_ GUARDED_BY(mutex_);
  std::set<std::string> first_look_ GUARDED_BY(mutex_);  // jobs that were shown as they stood
  Status status_ GUARDED_BY(mutex_);
  std::string fault_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace turnpike
