#include "billing/core/funds_hold.h"

#include <gmock/gmock.h>

#include <limits>
#include <random>

namespace turnpike {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

FundsHold HoldOf(int64_t micros) {
  return *FundsHold::Reserve({micros, "EUR"});
}

TEST(FundsHold, NothingIsChargedBeyondWhatWasReserved) {
  FundsHold hold = HoldOf(100);
  EXPECT_EQ(hold.Charge(70), 70);
  EXPECT_EQ(hold.Charge(70), 30);
  EXPECT_EQ(hold.Charge(1), 0);
  EXPECT_TRUE(hold.settled());
}

TEST(FundsHold, WhatIsReleasedCannotBeCharged) {
  FundsHold hold = HoldOf(100);
  EXPECT_EQ(hold.Release(60), 60);
  EXPECT_EQ(hold.Charge(100), 40);
  EXPECT_EQ(hold.Release(100), 0);
}

TEST(FundsHold, ZeroHoldIsSettledFromTheStart) {
  EXPECT_TRUE(HoldOf(0).settled());
}

TEST(FundsHold, NegativeReserveIsRefused) {
  EXPECT_EQ(FundsHold::Reserve({-1, "EUR"}).status().code(), StatusCode::kInvalidArgument);
}

TEST(FundsHold, EveryOrderOfChargesAndReleasesKeepsTheSum) {
  std::mt19937_64 random(20261122);
  for (int round = 0; round < 300; ++round) {
    const auto reserved = static_cast<int64_t>(random() % 1'000);
    FundsHold hold = HoldOf(reserved);
    int64_t charged = 0;
    int64_t released = 0;
    for (int step = 0; step < 12; ++step) {
      const auto micros = static_cast<int64_t>(random() % 300);
      (random() % 2 == 0 ? charged += hold.Charge(micros) : released += hold.Release(micros));
      ASSERT_EQ(hold.charged_micros(), charged);
      ASSERT_EQ(hold.released_micros(), released);
      ASSERT_EQ(charged + released + hold.rest_micros(), reserved);
      ASSERT_GE(hold.rest_micros(), 0);
    }
  }
}

TEST(FundsHold, StoredHoldComesBack) {
  const Result<FundsHold> hold = FundsHold::Restore({"EUR", 100, 30, 20});
  ASSERT_TRUE(hold.ok());
  EXPECT_EQ(hold->rest_micros(), 50);
  EXPECT_EQ(hold->unit(), "EUR");
}

TEST(FundsHold, StoredHoldThatBreaksTheRuleIsDataLoss) {
  const FundsHold::Stored broken[] = {
      {"EUR", 100, 60, 41}, {"EUR", 100, 101, 0}, {"EUR", 100, 0, 101},     {"EUR", 100, -1, 0},
      {"EUR", 100, 0, -1},  {"EUR", -1, 0, 0},    {"EUR", 1, kMost, kMost},
  };
  for (const FundsHold::Stored& stored : broken) {
    EXPECT_EQ(FundsHold::Restore(stored).status().code(), StatusCode::kDataLoss)
        << stored.reserved_micros << " " << stored.charged_micros << " " << stored.released_micros;
  }
}

}  // namespace
}  // namespace turnpike
