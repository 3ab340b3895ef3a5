#pragma once
// Clients of a chaos run: they submit jobs spread over its time, read some of them back, cancel some, ask again for
// what nobody answered, and note all of it in the federation's call history.  Has threads of its own.

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/stop_signal.h"
#include "tests/e2e/federation.h"

namespace turnpike {

class ChaosLoad {
 public:
  struct Settings {
    uint64_t seed = 1;
    int jobs = 200;
    std::chrono::seconds length{60};  // within which the last one is submitted
    std::vector<std::string> sites;   // three jobs of four name one
  };
  ChaosLoad(Federation& federation, const Settings& settings);
  // Waits for its threads.
  ~ChaosLoad();

  // OK once every job was accepted, however often it was asked for.
  Status Finish() EXCLUDES(mutex_);

 private:
  struct PlannedJob {
    std::chrono::milliseconds at;
    std::string name;
    std::chrono::seconds length;
    std::string site;                     // empty: any
    std::chrono::milliseconds cancel_at;  // 0: never
    bool read_back = false;
  };
  static std::vector<std::vector<PlannedJob>> Plan(const Settings& settings);
  void RunClient(const std::vector<PlannedJob>& jobs) EXCLUDES(mutex_);
  Status SubmitOne(const PlannedJob& job, std::string& job_id);
  void ReadBack(const std::string& job_id);
  void Cancel(const std::string& job_id);
  void WaitUntil(std::chrono::milliseconds at);

  Federation& federation_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  StopSignal never_;
  Mutex mutex_;
  Status first_fault_ GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace turnpike
