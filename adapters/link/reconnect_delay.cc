#include "adapters/link/reconnect_delay.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace turnpike {

uint64_t RandomBelow(RandomSource& random, uint64_t below) {
  std::array<uint8_t, sizeof(uint64_t)> bytes{};
  random.Fill(bytes);
  uint64_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof number);
  return number % below;
}

std::chrono::milliseconds ReconnectDelay::Next() {
  const std::chrono::milliseconds step = next_;
  next_ = std::min(range_.max, step * 2);
  const auto half = static_cast<uint64_t>(step.count()) / 2;
  return step - std::chrono::milliseconds(RandomBelow(random_, half + 1));
}

}  // namespace turnpike
