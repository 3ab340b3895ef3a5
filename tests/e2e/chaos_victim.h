#pragma once
// One process that a chaos run kills, freezes and brings back, each step in the background and one after the other.
// What ends although nobody killed it is started again, as a service manager would.  Not shared by threads.

#include <functional>
#include <future>
#include <optional>
#include <string>

#include "base/child_process.h"
#include "base/status.h"
#include "tests/e2e/chaos_plan.h"

namespace turnpike {

class ChaosVictim {
 public:
  struct Handles {
    std::string name;
    std::string kind;  // broker, agent, postgres, slurmctld
    std::function<Status()> kill;
    std::function<Status()> start;
    std::function<Status()> freeze = {};
    std::function<Status()> thaw = {};
    std::function<std::optional<ProcessIdentity>()> process = {};  // empty: it never ends by itself
    std::function<std::string()> last_line = {};
  };
  explicit ChaosVictim(Handles handles) : handles_(std::move(handles)) {}

  void Strike(FaultAction action);
  // It lives and runs again.
  void Heal();
  // Between faults: starts what ended by itself.  Its process, where nothing is done to it at the moment.
  std::optional<ProcessIdentity> Look();
  // Waits for what was begun; the first error of all.
  Status Settle();

  const std::string& name() const { return handles_.name; }
  const std::string& kind() const { return handles_.kind; }
  int kills() const { return kills_; }
  int freezes() const { return freezes_; }
  int own_ends() const { return own_ends_; }
  // The last line of its log when it ended by itself without saying why; else empty.
  const std::string& crash() const { return crash_; }

 private:
  enum class Standing { kUp, kKilled, kFrozen };
  void Begin(std::function<Status()> step);

  Handles handles_;
  Standing standing_ = Standing::kUp;
  std::future<Status> step_;
  Status first_fault_;
  int kills_ = 0;
  int freezes_ = 0;
  int own_ends_ = 0;
  std::string crash_;
};

}  // namespace turnpike
