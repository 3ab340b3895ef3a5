#include "tests/e2e/chaos_victim.h"

#include <fmt/format.h>

namespace turnpike {

void ChaosVictim::Strike(FaultAction action) {
  if (action == FaultAction::kKill) {
    standing_ = Standing::kKilled;
    ++kills_;
    Begin(handles_.kill);
  } else {
    standing_ = Standing::kFrozen;
    ++freezes_;
    Begin(handles_.freeze);
  }
}

void ChaosVictim::Heal() {
  if (standing_ != Standing::kUp) {
    Begin(standing_ == Standing::kKilled ? handles_.start : handles_.thaw);
    standing_ = Standing::kUp;
  }
}

std::optional<ProcessIdentity> ChaosVictim::Look() {
  const bool busy = step_.valid() && step_.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
  if (busy || standing_ != Standing::kUp || !handles_.process) {
    return std::nullopt;
  }
  std::optional<ProcessIdentity> process = handles_.process();
  if (!process || IsAlive(*process)) {
    return process;
  }
  ++own_ends_;
  const std::string last_line = handles_.last_line();
  fmt::print(stderr, "{} ended by itself: {}\n", handles_.name, last_line);
  // A program that gives up says so.
  if (last_line.find("\"level\":\"error\"") == std::string::npos && !last_line.starts_with("turnpike-")) {
    crash_ = last_line;
  }
  Begin(handles_.start);
  return std::nullopt;
}

Status ChaosVictim::Settle() {
  if (step_.valid()) {
    const Status done = step_.get();
    if (!done.ok() && first_fault_.ok()) {
      first_fault_ = Internal("{}: {}", handles_.name, MessageOf(done));
    }
  }
  return first_fault_;
}

void ChaosVictim::Begin(std::function<Status()> step) {
  Settle().IgnoreError();  // Kept in first_fault_.
  step_ = std::async(std::launch::async, std::move(step));
}

}  // namespace turnpike
