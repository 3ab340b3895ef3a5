#pragma once
// Ends what a bench has started when the bench itself is told to end (SIGTERM, SIGINT).  Its servers lead sessions of
// their own, so nobody else would.  One for a program, made before any other thread.

#include <functional>
#include <memory>

namespace turnpike {

class EndOnSignal {
 public:
  // BlockTerminationSignals has been called.  `last_act` comes when every process is gone; then the program ends with
  // 128 + the signal, wherever its other threads are.
  explicit EndOnSignal(std::function<void()> last_act);
  // Does not return while the program is being ended.
  ~EndOnSignal();
  EndOnSignal(const EndOnSignal&) = delete;
  EndOnSignal& operator=(const EndOnSignal&) = delete;

 private:
  struct Ending;
  std::shared_ptr<Ending> ending_;
};

// What a child leaves in the background becomes ours from now on, and EndDescendants finds it.
void AdoptOrphans();
// Every process that this one has started, and what those have: asked to end, and killed when they do not.
void EndDescendants();

}  // namespace turnpike
