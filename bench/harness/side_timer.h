#pragma once
// What one side of a round took: by the clock, and of the processors.

#include <chrono>
#include <vector>

#include "bench/harness/loaded_federation.h"

namespace turnpike {

struct TimedSide {
  double seconds = 0;
  double server_cpu = 0;    // seconds
  double postgres_cpu = 0;  // seconds
  std::vector<double> call_micros = {};
};

// From its making until Stop.
class SideTimer {
 public:
  SideTimer(const LoadedFederation& federation, int server_pid);
  TimedSide Stop() const;

 private:
  const LoadedFederation& federation_;
  const int server_pid_;
  const double server_;
  const double postgres_;
  const std::chrono::steady_clock::time_point start_;
};

}  // namespace turnpike
