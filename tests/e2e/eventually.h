#pragma once
// Waits for what other processes bring about.

#include <chrono>

#include "base/stop_signal.h"

namespace turnpike {

// Looks again until it is so, for at most `time`; false after that.
template <class Condition>
bool Eventually(const Condition& condition, std::chrono::milliseconds time = std::chrono::minutes(1)) {
  StopSignal pause;
  const auto deadline = std::chrono::steady_clock::now() + time;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    pause.WaitFor(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace turnpike
