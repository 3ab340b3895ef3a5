#include "base/stop_signal.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "base/check.h"

namespace turnpike {
namespace {

using SteadyClock = std::chrono::steady_clock;

sigset_t TerminationSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

// "For ever" is a legal time to wait, and must not wrap round into the past.
SteadyClock::time_point DeadlineAfter(SteadyClock::duration time) {
  const SteadyClock::time_point now = SteadyClock::now();
  return time > SteadyClock::time_point::max() - now ? SteadyClock::time_point::max() : now + time;
}

}  // namespace

void StopSignal::Stop() {
  const MutexLock lock(mutex_);
  stopped_ = true;
  changed_.NotifyAll();
}

bool StopSignal::stopped() const {
  const MutexLock lock(mutex_);
  return stopped_;
}

bool StopSignal::WaitFor(SteadyClock::duration time) {
  const SteadyClock::time_point deadline = DeadlineAfter(time);
  const MutexLock lock(mutex_);
  while (!stopped_ && SteadyClock::now() < deadline) {
    changed_.WaitUntil(mutex_, deadline);
  }
  return stopped_;
}

void BlockTerminationSignals() {
  const sigset_t signals = TerminationSignals();
  CHECK(pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
}

int WaitForTerminationSignal() {
  const sigset_t signals = TerminationSignals();
  int signal = 0;
  CHECK(sigwait(&signals, &signal) == 0);
  return signal;
}

std::optional<int> WaitForTerminationSignal(std::chrono::milliseconds time) {
  const sigset_t signals = TerminationSignals();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  const timespec wait{.tv_sec = seconds.count(), .tv_nsec = std::chrono::nanoseconds(time - seconds).count()};
  const int signal = sigtimedwait(&signals, nullptr, &wait);
  return signal > 0 ? std::optional(signal) : std::nullopt;
}

}  // namespace turnpike
