#pragma once
// Waits for what another process brings about.

#include <chrono>

#include "base/stop_signal.h"

namespace turnpike {

// Looks again until it is so, for at most a minute; false after that.
template <class Condition>
bool Eventually(const Condition& condition) {
  StopSignal pause;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    pause.WaitFor(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace turnpike
