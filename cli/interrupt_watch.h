#pragma once
// Ctrl-C and SIGTERM: ends the program at once, with 128 + signal, after saying what becomes of a job that is being
// waited for. The signals must be blocked in every thread (BlockTerminationSignals in base/stop_signal.h).

#include <memory>
#include <string>

namespace turnpike {

class InterruptWatch {
 public:
  InterruptWatch();
  // What to say on standard error; empty: nothing.
  void SetFarewell(std::string text);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace turnpike
