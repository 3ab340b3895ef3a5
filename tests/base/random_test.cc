#include "base/random.h"

#include <gtest/gtest.h>

#include <array>

namespace turnpike {
namespace {

TEST(SystemRandom, FillsEveryByteAndNeverTheSameWay) {
  SystemRandom random;
  std::array<uint8_t, 33> last{};
  std::array<uint8_t, 33> bits_seen{};
  for (int round = 0; round < 64; ++round) {
    std::array<uint8_t, 33> bytes{};
    random.Fill(bytes);
    EXPECT_NE(bytes, last);
    for (size_t i = 0; i < bytes.size(); ++i) {
      bits_seen[i] = static_cast<uint8_t>(bits_seen[i] | bytes[i]);
    }
    last = bytes;
  }
  for (const uint8_t bits : bits_seen) {
    EXPECT_NE(bits, 0);
  }
}

TEST(SystemRandom, FillsNothing) {
  SystemRandom().Fill({});
}

}  // namespace
}  // namespace turnpike
