#include "billing/core/transfer.h"

#include <gmock/gmock.h>

namespace turnpike {
namespace {

AccountRef Account(uint8_t number, std::string unit = "EUR") {
  Uuid uuid;
  uuid.bytes[15] = number;
  return {.id = AccountId(uuid), .unit = std::move(unit)};
}

TEST(Transfer, HasTwoLegsOfOneAmount) {
  const Result<Transfer> transfer = Transfer::Make({.debit = Account(1), .credit = Account(2)}, {5, "EUR"});
  ASSERT_TRUE(transfer.ok());
  EXPECT_EQ(transfer->debit_account_id(), Account(1).id);
  EXPECT_EQ(transfer->credit_account_id(), Account(2).id);
  EXPECT_EQ(transfer->amount(), (Money{5, "EUR"}));
}

TEST(Transfer, OneThatWouldNotBalanceCannotBeBuilt) {
  struct Case {
    TransferLegs legs;
    Money amount;
    StatusCode expected;
  };
  const Case cases[] = {
      {{Account(1), Account(2)}, {0, "EUR"}, StatusCode::kInvalidArgument},
      {{Account(1), Account(2)}, {-5, "EUR"}, StatusCode::kInvalidArgument},
      {{Account(1), Account(1)}, {5, "EUR"}, StatusCode::kInvalidArgument},
      {{Account(0), Account(1)}, {5, "EUR"}, StatusCode::kInvalidArgument},
      {{Account(1), Account(0)}, {5, "EUR"}, StatusCode::kInvalidArgument},
      {{Account(1), Account(2, "CNY")}, {5, "EUR"}, StatusCode::kFailedPrecondition},
      {{Account(1, "CNY"), Account(2)}, {5, "EUR"}, StatusCode::kFailedPrecondition},
      {{Account(1), Account(2)}, {5, "CNY"}, StatusCode::kFailedPrecondition},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(Transfer::Make(each.legs, each.amount).status().code(), each.expected) << FormatMoney(each.amount);
  }
}

}  // namespace
}  // namespace turnpike
