#include "tests/e2e/chaos_plan.h"

#include <map>
#include <random>

namespace turnpike {
namespace {

constexpr std::chrono::milliseconds kPauseMin{300};
constexpr std::chrono::milliseconds kPauseMax{6'000};
constexpr std::chrono::milliseconds kBetween{500};  // a victim comes to itself before its next fault
constexpr int kFreezesInTen = 3;

// Own draws: the distributions of the standard library differ from one to the next.
class Draws {
 public:
  explicit Draws(uint64_t seed) : engine_(seed) {}
  int64_t Below(int64_t limit) { return static_cast<int64_t>(engine_() % static_cast<uint64_t>(limit)); }
  std::chrono::milliseconds Between(std::chrono::milliseconds low, std::chrono::milliseconds high) {
    return low + std::chrono::milliseconds(Below((high - low).count() + 1));
  }

 private:
  std::mt19937_64 engine_;
};

const Victim& Pick(Draws& draws, const std::vector<Victim>& victims) {
  int64_t all = 0;
  for (const Victim& victim : victims) {
    all += victim.weight;
  }
  int64_t left = draws.Below(all);
  for (const Victim& victim : victims) {
    left -= victim.weight;
    if (left < 0) {
      return victim;
    }
  }
  return victims.back();
}

// Mostly short; sometimes so long that leases, offers and streams run out.
std::chrono::milliseconds LengthOf(Draws& draws) {
  return draws.Below(4) == 0 ? draws.Between(std::chrono::seconds(8), std::chrono::seconds(25))
                             : draws.Between(std::chrono::milliseconds(200), std::chrono::seconds(5));
}

}  // namespace

std::vector<PlannedFault> MakeChaosPlan(const ChaosPlanSettings& settings) {
  Draws draws(settings.seed);
  std::vector<PlannedFault> plan;
  std::map<std::string, std::chrono::milliseconds> free_from;
  std::chrono::milliseconds now{0};
  while (true) {
    now += draws.Between(kPauseMin, kPauseMax);
    const Victim& victim = Pick(draws, settings.victims);
    const std::chrono::milliseconds length = LengthOf(draws);
    const bool freeze = draws.Below(10) < kFreezesInTen && victim.may_freeze;
    if (now >= settings.length) {
      return plan;
    }
    if (now < free_from[victim.name]) {
      continue;
    }
    free_from[victim.name] = now + length + kBetween;
    plan.push_back({.begin = now,
                    .length = length,
                    .victim = victim.name,
                    .action = freeze ? FaultAction::kFreeze : FaultAction::kKill});
  }
}

}  // namespace turnpike
