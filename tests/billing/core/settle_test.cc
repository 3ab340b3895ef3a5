#include "billing/core/settle.h"

#include <gmock/gmock.h>

#include <limits>
#include <random>

namespace turnpike {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

FundsHold HoldOf(int64_t micros) {
  return *FundsHold::Reserve({micros, "EUR"});
}

// One core at 0.02 an hour, held for an hour.
SettleRequest OneCoreHour() {
  return {.end_kind = AttemptEndKind::kRan,
          .usage = {.node_seconds = 3'600, .core_seconds = 3'600},
          .bound = {.allocated = {.nodes = 1, .cores = 1}, .wall = std::chrono::hours(1)},
          .rates = {.unit = "EUR", .core_hour_micros = 20'000}};
}

AccountRef Account(uint8_t number) {
  Uuid uuid;
  uuid.bytes[0] = number;
  return {.id = AccountId(uuid), .unit = "EUR"};
}

TEST(Settle, ChargesTheUseAndReleasesTheRest) {
  const Result<Settlement> done = Settle(HoldOf(50'000), OneCoreHour());
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->charge_micros, 20'000);
  EXPECT_EQ(done->release_micros, 30'000);
  EXPECT_TRUE(done->hold_after.settled());
  EXPECT_FALSE(done->disputed());
  EXPECT_EQ(done->formula, "1 core-hours x 0.02 EUR");
}

TEST(Settle, NeverChargesMoreThanIsHeld) {
  const Result<Settlement> done = Settle(HoldOf(5'000), OneCoreHour());
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->charge_micros, 5'000);
  EXPECT_EQ(done->release_micros, 0);
  EXPECT_EQ(done->price_micros, 20'000);
}

TEST(Settle, InterruptionBySiteCostsNothing) {
  SettleRequest request = OneCoreHour();
  request.end_kind = AttemptEndKind::kInterruptedBySite;
  const Result<Settlement> done = Settle(HoldOf(50'000), request);
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->charge_micros, 0);
  EXPECT_EQ(done->release_micros, 50'000);
  EXPECT_EQ(done->price_micros, 20'000);  // what the site bears
}

TEST(Settle, NeverStartedCostsNothingAndClaimedUseIsDisputed) {
  SettleRequest request = OneCoreHour();
  request.end_kind = AttemptEndKind::kNeverStarted;
  Result<Settlement> done = Settle(HoldOf(50'000), request);
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->charge_micros, 0);
  EXPECT_EQ(done->release_micros, 50'000);
  EXPECT_THAT(done->dispute, HasSubstr("never started"));
  request.usage = {};
  done = Settle(HoldOf(50'000), request);
  EXPECT_FALSE(done->disputed());
}

TEST(Settle, RestStaysHeldForTheNextAttempt) {
  SettleRequest request = OneCoreHour();
  request.job_over = false;
  const Result<Settlement> first = Settle(HoldOf(50'000), request);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->release_micros, 0);
  EXPECT_EQ(first->hold_after.rest_micros(), 30'000);
  const Result<Settlement> second = Settle(first->hold_after, OneCoreHour());
  EXPECT_EQ(second->charge_micros, 20'000);
  EXPECT_EQ(second->release_micros, 10'000);
}

TEST(Settle, UnitsMustAgree) {
  SettleRequest request = OneCoreHour();
  request.rates.unit = "CNY";
  EXPECT_EQ(Settle(HoldOf(1), request).status().code(), StatusCode::kFailedPrecondition);
}

TEST(Settle, ProvisionalIsPassedOn) {
  SettleRequest request = OneCoreHour();
  request.provisional = true;
  EXPECT_TRUE(Settle(HoldOf(1), request)->provisional);
}

TEST(Usage, AbsurdRecordsAreCutOffAndDisputed) {
  struct Case {
    const char* name;
    int64_t core_seconds;
    int64_t believed;
    bool disputed;
  };
  // One core for an hour, with a minute's tolerance.
  const Case cases[] = {
      {"as held", 3'600, 3'600, false},
      {"less", 1, 1, false},
      {"none", 0, 0, false},
      {"tolerance", 3'660, 3'660, false},
      {"above", 3'661, 3'660, true},
      {"negative", -1, 0, true},
      {"largest", kMost, 3'660, true},
      {"smallest", std::numeric_limits<int64_t>::min(), 0, true},
  };
  const SettleRequest request = OneCoreHour();
  for (const Case& each : cases) {
    const UsageCheck check = CheckUsage({.core_seconds = each.core_seconds}, request.bound, request.rates);
    EXPECT_EQ(check.believed.core_seconds, each.believed) << each.name;
    EXPECT_EQ(!check.dispute.empty(), each.disputed) << each.name << ": " << check.dispute;
  }
}

TEST(Usage, EveryResourceHasItsOwnBound) {
  const RateSet rates{"EUR", 1, 1, 1, 1};
  const UsageBound bound{
      .allocated = {1, 2, 3, 4}, .wall = std::chrono::seconds(10), .tolerance = std::chrono::seconds(0)};
  const UsageCheck check = CheckUsage({1'000, 1'000, 1'000, 1'000}, bound, rates);
  EXPECT_EQ(check.believed, (ResourceSeconds{10, 20, 30, 40}));
  for (const char* name : {"node-seconds", "core-seconds", "accelerator-seconds", "MiB-seconds"}) {
    EXPECT_THAT(check.dispute, HasSubstr(name));
  }
}

TEST(Usage, WhatCostsNothingIsNotDisputed) {
  const SettleRequest request = OneCoreHour();
  const UsageCheck check = CheckUsage({.memory_mib_seconds = kMost}, request.bound, request.rates);
  EXPECT_EQ(check.believed.memory_mib_seconds, 0);
  EXPECT_TRUE(check.dispute.empty());
}

TEST(Settle, ChargeAndReleaseAreWhatWasReservedWhateverHappens) {
  std::mt19937_64 random(20261122);
  constexpr AttemptEndKind kKinds[] = {AttemptEndKind::kRan, AttemptEndKind::kNeverStarted,
                                       AttemptEndKind::kInterruptedBySite};
  for (int i = 0; i < 2'000; ++i) {
    const auto reserved = static_cast<int64_t>(random() % 100'000);
    SettleRequest request = OneCoreHour();
    FundsHold hold = HoldOf(reserved);
    int64_t charged = 0;
    int64_t released = 0;
    const int attempts = 1 + static_cast<int>(random() % 4);
    for (int attempt = 1; attempt <= attempts; ++attempt) {
      request.end_kind = kKinds[random() % 3];
      request.usage.core_seconds = static_cast<int64_t>(random() % 10'000) - 1'000;
      request.job_over = attempt == attempts;
      const Result<Settlement> done = Settle(hold, request);
      ASSERT_TRUE(done.ok());
      charged += done->charge_micros;
      released += done->release_micros;
      hold = done->hold_after;
    }
    EXPECT_EQ(charged + released, reserved);
  }
}

TEST(Settle, TotalChargeDoesNotDependOnTheOrderOfAttempts) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 500; ++i) {
    SettleRequest first = OneCoreHour();
    SettleRequest second = OneCoreHour();
    first.usage.core_seconds = static_cast<int64_t>(random() % 3'600);
    second.usage.core_seconds = static_cast<int64_t>(random() % 3'600);
    first.job_over = second.job_over = false;
    const FundsHold hold = HoldOf(static_cast<int64_t>(random() % 40'000));
    const FundsHold one = Settle(Settle(hold, first)->hold_after, second)->hold_after;
    const FundsHold other = Settle(Settle(hold, second)->hold_after, first)->hold_after;
    EXPECT_EQ(one.charged_micros(), other.charged_micros());
  }
}

TEST(Transfers, SumToTheChargeWithAndWithoutAFee) {
  const Result<Settlement> done = Settle(HoldOf(50'000), OneCoreHour());
  SettlementAccounts accounts{.project = Account(1), .site = Account(2), .federation = Account(3)};
  Result<std::vector<Transfer>> transfers = TransfersFor(*done, accounts);
  ASSERT_TRUE(transfers.ok());
  ASSERT_EQ(transfers->size(), 1U);
  EXPECT_EQ((*transfers)[0].amount().micros, 20'000);
  EXPECT_EQ((*transfers)[0].credit_account_id(), Account(2).id);

  accounts.federation_fee_ppm = 10'025;  // 200.5 of 20000: half to even
  transfers = TransfersFor(*done, accounts);
  ASSERT_EQ(transfers->size(), 2U);
  EXPECT_EQ((*transfers)[0].amount().micros, 19'800);
  EXPECT_EQ((*transfers)[1].amount().micros, 200);
  EXPECT_EQ((*transfers)[1].credit_account_id(), Account(3).id);
}

TEST(Transfers, NothingChargedMovesNothing) {
  SettleRequest request = OneCoreHour();
  request.end_kind = AttemptEndKind::kNeverStarted;
  request.usage = {};
  const Result<std::vector<Transfer>> transfers =
      TransfersFor(*Settle(HoldOf(1), request), {.project = Account(1), .site = Account(2), .federation = {}});
  ASSERT_TRUE(transfers.ok());
  EXPECT_TRUE(transfers->empty());
}

TEST(Transfers, FeeOutsideItsRangeIsRefused) {
  const Settlement done = *Settle(HoldOf(50'000), OneCoreHour());
  for (const int64_t fee : {int64_t{-1}, int64_t{1'000'001}}) {
    EXPECT_EQ(TransfersFor(done, {Account(1), Account(2), Account(3), fee}).status().code(),
              StatusCode::kInvalidArgument);
  }
}

TEST(Provisional, OnlyTooMuchIsGivenBack) {
  struct Case {
    int64_t charged;
    int64_t core_seconds;
    int64_t refund;
  };
  for (const Case& each : {Case{20'000, 1'800, 10'000}, Case{20'000, 3'600, 0}, Case{10'000, 3'600, 0}}) {
    SettleRequest request = OneCoreHour();
    request.usage.core_seconds = each.core_seconds;
    const Result<Correction> correction = RefundAfterProvisional(each.charged, request);
    ASSERT_TRUE(correction.ok()) << correction.status();
    EXPECT_EQ(correction->refund_micros, each.refund);
    EXPECT_EQ(correction->billed.core_seconds, each.core_seconds);
    EXPECT_EQ(correction->dispute, "");
  }
  SettleRequest interrupted = OneCoreHour();
  interrupted.end_kind = AttemptEndKind::kInterruptedBySite;
  EXPECT_EQ(RefundAfterProvisional(20'000, interrupted)->refund_micros, 20'000);
}

TEST(Provisional, ARecordThatCannotBeTrueIsCutDownAndDisputed) {
  SettleRequest request = OneCoreHour();
  request.usage.core_seconds = 1'000'000;
  const Result<Correction> correction = RefundAfterProvisional(10'000, request);
  ASSERT_TRUE(correction.ok()) << correction.status();
  EXPECT_EQ(correction->refund_micros, 0);
  EXPECT_LT(correction->billed.core_seconds, 1'000'000);
  EXPECT_NE(correction->dispute, "");
}

}  // namespace
}  // namespace turnpike
