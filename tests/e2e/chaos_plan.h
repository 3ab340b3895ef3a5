#pragma once
// Which process is killed or frozen when, and for how long: made from a seed alone, so that a run can be had again.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace turnpike {

enum class FaultAction { kKill, kFreeze };

struct PlannedFault {
  std::chrono::milliseconds begin;
  std::chrono::milliseconds length;
  std::string victim;
  FaultAction action;
};

struct Victim {
  std::string name;
  bool may_freeze = true;
  int weight = 1;  // how often, compared with the others
};

struct ChaosPlanSettings {
  uint64_t seed = 1;
  std::chrono::seconds length{60};
  std::vector<Victim> victims;
};

// In the order in which they begin; a victim has one fault at a time, and several victims may be away at once.
std::vector<PlannedFault> MakeChaosPlan(const ChaosPlanSettings& settings);

}  // namespace turnpike
