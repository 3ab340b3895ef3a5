#include "adapters/link/site_prober.h"

#include <algorithm>
#include <utility>

#include "adapters/link/connect_time.h"
#include "adapters/link/reconnect_delay.h"

namespace turnpike {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kConnectTimeout{2'000};
constexpr int kConnectsPerLook = 3;
constexpr size_t kSamplesMax = 15;  // five looks
constexpr size_t kTargetsMax = 256;
constexpr int64_t kJitterPercent = 25;  // of the interval, to both sides

SiteProber::Settings WithConnect(SiteProber::Settings settings) {
  if (!settings.connect) {
    settings.connect = [](const NumericAddress& address) { return MeasureConnectTime(address, kConnectTimeout); };
  }
  return settings;
}

}  // namespace

MeasuredRoundTrip RoundTripOf(const SampleWindow& window) {
  return {.shortest = std::chrono::microseconds(window.Smallest()),
          .median = std::chrono::microseconds(window.Median()),
          .samples = static_cast<int>(window.size())};
}

SiteProber::SiteProber(Settings settings, RandomSource& random)
    : settings_(WithConnect(std::move(settings))), random_(random), thread_([this] { Work(); }) {}

SiteProber::~SiteProber() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

bool SiteProber::IsAllowed(const NumericAddress& address) const {
  switch (settings_.policy) {
    case ProbePolicy::kPublic:
      return IsPublic(address);
    case ProbePolicy::kAny:
      return true;
    case ProbePolicy::kNone:
      return false;
  }
  __builtin_unreachable();
}

void SiteProber::SetTargets(const std::vector<Target>& targets) {
  const MutexLock lock(mutex_);
  std::map<std::string, Known> known;
  for (const Target& target : targets) {
    const std::optional<NumericAddress> address = ParseNumericAddress(target.address);
    if (!address || !IsAllowed(*address) || known.size() >= kTargetsMax) {
      continue;
    }
    const auto before = known_.find(target.site);
    const bool is_same = before != known_.end() && before->second.address == *address;
    known.emplace(target.site, is_same ? before->second
                                       : Known{.address = *address, .due = {}, .window = SampleWindow(kSamplesMax)});
  }
  known_ = std::move(known);
  changed_.NotifyAll();
}

std::vector<SiteProber::Measured> SiteProber::TakeMeasured() {
  const MutexLock lock(mutex_);
  std::vector<Measured> taken;
  for (auto& [site, measured] : std::exchange(measured_, {})) {
    taken.push_back(std::move(measured));
  }
  return taken;
}

void SiteProber::Work() {
  while (const auto turn = WaitForTurn()) {
    Note(turn->first, turn->second, Look(turn->second));
  }
}

std::optional<std::pair<std::string, NumericAddress>> SiteProber::WaitForTurn() {
  const MutexLock lock(mutex_);
  while (!stopping_) {
    const auto next = std::ranges::min_element(known_, {}, [](const auto& known) { return known.second.due; });
    if (next == known_.end()) {
      changed_.Wait(mutex_);
    } else if (next->second.due > steady_clock::now()) {
      changed_.WaitUntil(mutex_, next->second.due);
    } else {
      return std::pair(next->first, next->second.address);
    }
  }
  return std::nullopt;
}

// Where the first connection finds nobody, the others would wait for nothing.
std::vector<std::chrono::microseconds> SiteProber::Look(const NumericAddress& address) const {
  std::vector<std::chrono::microseconds> times;
  for (int connect = 0; connect < kConnectsPerLook; ++connect) {
    const std::optional<std::chrono::microseconds> time = settings_.connect(address);
    if (!time) {
      break;
    }
    times.push_back(*time);
  }
  return times;
}

void SiteProber::Note(const std::string& site, const NumericAddress& address,
                      const std::vector<std::chrono::microseconds>& times) {
  const MutexLock lock(mutex_);
  const auto known = known_.find(site);
  if (known == known_.end() || known->second.address != address) {
    return;  // It went or moved meanwhile.
  }
  const int64_t percent =
      100 - kJitterPercent + static_cast<int64_t>(RandomBelow(random_, static_cast<uint64_t>(2 * kJitterPercent + 1)));
  const MonotonicTime now = steady_clock::now();
  known->second.due = now + settings_.interval * percent / 100;
  SampleWindow& window = known->second.window;
  if (times.empty()) {
    window.Clear();
  }
  for (const std::chrono::microseconds time : times) {
    window.Add(time.count());
  }
  measured_[site] = {
      .site = site,
      .round_trip = window.empty() ? std::nullopt : std::optional<MeasuredRoundTrip>(RoundTripOf(window)),
      .at = now};
}

}  // namespace turnpike
