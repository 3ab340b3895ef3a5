#include "adapters/link/reconnect_delay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace turnpike {
namespace {

using std::chrono::milliseconds;

// Every byte the same.
class ConstantRandom final : public RandomSource {
 public:
  explicit ConstantRandom(uint8_t byte) : byte_(byte) {}
  void Fill(std::span<uint8_t> bytes) override { std::fill(bytes.begin(), bytes.end(), byte_); }

 private:
  const uint8_t byte_;
};

constexpr ReconnectDelay::Range kRange{.first = milliseconds(1'000), .max = milliseconds(60'000)};

TEST(ReconnectDelay, GrowsToItsLimitAndStaysThere) {
  ConstantRandom zero(0);
  ReconnectDelay delay(kRange, zero);
  for (const int expected : {1'000, 2'000, 4'000, 8'000, 16'000, 32'000, 60'000, 60'000}) {
    EXPECT_EQ(delay.Next(), milliseconds(expected));
  }
}

TEST(ReconnectDelay, BeginsAnewAfterASuccess) {
  ConstantRandom zero(0);
  ReconnectDelay delay(kRange, zero);
  delay.Next();
  delay.Next();
  delay.Reset();
  EXPECT_EQ(delay.Next(), milliseconds(1'000));
}

TEST(ReconnectDelay, TakesAwayUpToOneHalf) {
  SystemRandom random;
  std::vector<milliseconds> seen;
  for (int round = 0; round < 200; ++round) {
    ReconnectDelay delay(kRange, random);
    seen.push_back(delay.Next());
    EXPECT_GE(seen.back(), milliseconds(500));
    EXPECT_LE(seen.back(), milliseconds(1'000));
  }
  EXPECT_GT(std::set<milliseconds>(seen.begin(), seen.end()).size(), 20U) << "agents would come back all at once";
}

}  // namespace
}  // namespace turnpike
