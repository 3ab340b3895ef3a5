#include "billing/actions/deposit.h"

#include <gtest/gtest.h>

#include "base/error_reason.h"
#include "tests/billing/actions/recording_ledger.h"

namespace turnpike {
namespace {

class DepositTest : public testing::Test {
 protected:
  DepositTest() {
    ledger_.projects["stars"] = {ProjectId(*Uuid::Parse("abcdef01-2345-4789-8abc-def012345678")), "stars", "EUR"};
  }

  Result<Deposited> Run(const std::string& amount, const std::string& description = "grant") {
    return action_.Run({.key = {}, .project = "stars", .amount = amount, .description = description});
  }
  void ExpectRefused(const Result<Deposited>& result, const std::string& field) {
    EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument) << result.status();
    const std::vector<FieldViolation> violations = DetailsOf(result.status()).violations;
    ASSERT_EQ(violations.size(), 1u);
    EXPECT_EQ(violations.front().path, field);
  }

  RecordingLedger ledger_;
  Deposit action_{ledger_};
};

TEST_F(DepositTest, BringsTheAmountAndAnswersWithTheAccountAfterIt) {
  const Result<Deposited> deposited = Run("12.34");
  ASSERT_TRUE(deposited.ok()) << deposited.status();
  ASSERT_EQ(ledger_.deposits.size(), 1u);
  EXPECT_EQ(ledger_.deposits.front().project_id, ledger_.projects["stars"].project_id);
  EXPECT_EQ(ledger_.deposits.front().description, "grant");
  EXPECT_EQ(deposited->transfer.amount.micros, 12'340'000);
  EXPECT_EQ(deposited->account.balance_micros, 12'340'000);
}

TEST_F(DepositTest, RefusesAmountsThatAreNotMoreThanZero) {
  for (const char* amount : {"", "0", "0.00", "-1", "abc", "1e3", "0.0000001", "9223372036854775808"}) {
    ExpectRefused(Run(amount), "amount");
  }
  EXPECT_TRUE(ledger_.deposits.empty());
}

TEST_F(DepositTest, RefusesDescriptionsThatAreLongOrHoldControlCharacters) {
  ExpectRefused(Run("1", std::string(201, 'x')), "description");
  ExpectRefused(Run("1", "two\nlines"), "description");
  ExpectRefused(Run("1", std::string("a\0b", 3)), "description");
  EXPECT_TRUE(Run("1", std::string(200, 'x')).ok());
  EXPECT_TRUE(Run("1", "für Ähren").ok());
  EXPECT_EQ(ledger_.deposits.size(), 2u);
}

TEST_F(DepositTest, RefusesAProjectThatIsNotNamedOrNotThere) {
  ExpectRefused(action_.Run({.key = {}, .project = "", .amount = "1", .description = ""}), "project");
  const Result<Deposited> unknown = action_.Run({.key = {}, .project = "seas", .amount = "1", .description = ""});
  EXPECT_EQ(unknown.status().code(), StatusCode::kNotFound);
  EXPECT_TRUE(ledger_.deposits.empty());
}

}  // namespace
}  // namespace turnpike
