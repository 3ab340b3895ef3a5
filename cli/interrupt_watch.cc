#include "cli/interrupt_watch.h"

#include <unistd.h>

#include <thread>

#include "base/mutex.h"
#include "base/stop_signal.h"

namespace turnpike {

struct InterruptWatch::State {
  Mutex mutex;
  std::string farewell GUARDED_BY(mutex);
};

InterruptWatch::InterruptWatch() : state_(std::make_shared<State>()) {
  // Detached: it waits as long as the process lives, and holds only what it shares.
  std::thread([state = state_] {
    const int signal = WaitForTerminationSignal();
    MutexLock lock(state->mutex);
    if (write(STDERR_FILENO, state->farewell.data(), state->farewell.size()) < 0) {
      _exit(1);
    }
    _exit(128 + signal);
  }).detach();
}

void InterruptWatch::SetFarewell(std::string text) {
  MutexLock lock(state_->mutex);
  state_->farewell = std::move(text);
}

}  // namespace turnpike
