#include "base/money.h"

#include <gtest/gtest.h>

#include <limits>

namespace turnpike {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

Money Euro(int64_t micros) {
  return {.micros = micros, .unit = "EUR"};
}

TEST(Money, AddsAndSubtractsWithinOneUnit) {
  EXPECT_EQ(*Add(Euro(1), Euro(-3)), Euro(-2));
  EXPECT_EQ(*Subtract(Euro(1), Euro(-3)), Euro(4));
  EXPECT_EQ(*Add(Euro(kMax - 1), Euro(1)), Euro(kMax));
  EXPECT_EQ(*Subtract(Euro(kMin + 1), Euro(1)), Euro(kMin));
  EXPECT_EQ(*Subtract(Euro(-1), Euro(kMax)), Euro(kMin));
}

TEST(Money, RefusesToWrapRound) {
  EXPECT_EQ(Add(Euro(kMax), Euro(1)).status().code(), StatusCode::kOutOfRange);
  EXPECT_EQ(Add(Euro(kMin), Euro(-1)).status().code(), StatusCode::kOutOfRange);
  EXPECT_EQ(Subtract(Euro(kMin), Euro(1)).status().code(), StatusCode::kOutOfRange);
  EXPECT_EQ(Subtract(Euro(0), Euro(kMin)).status().code(), StatusCode::kOutOfRange);
}

TEST(Money, RefusesToMixUnits) {
  const Money hours{.micros = 1, .unit = "core-hour@alpha"};
  EXPECT_EQ(Add(Euro(1), hours).status(), FailedPrecondition("EUR and core-hour@alpha are different units"));
  EXPECT_EQ(Subtract(Euro(1), hours).status().code(), StatusCode::kFailedPrecondition);
}

struct DecimalCase {
  int64_t micros;
  const char* text;
};

constexpr DecimalCase kDecimals[] = {
    {0, "0.00"},
    {1, "0.000001"},
    {-1, "-0.000001"},
    {10, "0.00001"},
    {10'000, "0.01"},
    {-10'000, "-0.01"},
    {100'000, "0.10"},
    {1'000'000, "1.00"},
    {12'340'000, "12.34"},
    {12'345'000, "12.345"},
    {-12'345'678, "-12.345678"},
    {1'000'001, "1.000001"},
    {kMax, "9223372036854.775807"},
    {kMin, "-9223372036854.775808"},
};

TEST(Money, DecimalsSurviveTheRoundTrip) {
  for (const DecimalCase& c : kDecimals) {
    EXPECT_EQ(FormatMicros(c.micros), c.text);
    const Result<int64_t> parsed = ParseMicros(c.text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, c.micros) << c.text;
  }
}

TEST(Money, FormatNamesTheUnit) {
  EXPECT_EQ(FormatMoney(Euro(12'340'000)), "12.34 EUR");
  EXPECT_EQ(FormatMoney({.micros = -1, .unit = "core-hour@alpha"}), "-0.000001 core-hour@alpha");
}

TEST(ParseMicros, TakesFewerDecimalsThanItWrites) {
  EXPECT_EQ(*ParseMicros("12"), 12'000'000);
  EXPECT_EQ(*ParseMicros("12.3"), 12'300'000);
  EXPECT_EQ(*ParseMicros("-0"), 0);
  EXPECT_EQ(*ParseMicros("007.50"), 7'500'000);
}

TEST(ParseMicros, RefusesWhatIsNoPlainDecimal) {
  using namespace std::string_view_literals;
  constexpr std::string_view kCases[] = {
      "",    "-",     ".",     "-.5",       ".5",    "5.",        "+1",         "--1",   "1.-2",
      "1e3", "0x10",  "1,000", "1 000",     " 1",    "1 ",        "1.2.3",      "1.2e1", "nan",
      "inf", "EUR 1", "1 EUR", "1.2345678", "1\0"sv, "1.0000000", "\xd9\xa1"sv,
  };
  for (const std::string_view c : kCases) {
    EXPECT_EQ(ParseMicros(c).status().code(), StatusCode::kInvalidArgument) << c;
  }
}

TEST(ParseMicros, RefusesToWrapRound) {
  for (const char* text : {"9223372036854.775808", "-9223372036854.775809", "9223372036855", "-9223372036855",
                           "99999999999999999999999999999999999999999"}) {
    EXPECT_EQ(ParseMicros(text).status().code(), StatusCode::kInvalidArgument) << text;
  }
}

TEST(DivideHalfEven, RoundsToTheNearestAndTiesToTheEvenNeighbour) {
  struct Case {
    int64_t dividend;
    int64_t divisor;
    int64_t quotient;
  };
  constexpr Case kCases[] = {
      {0, 7, 0},        {6, 3, 2},           {-6, 3, -2},  // exact
      {1, 2, 0},        {3, 2, 2},           {5, 2, 2},
      {7, 2, 4},  // ties
      {-1, 2, 0},       {-3, 2, -2},         {-5, 2, -2},
      {-7, 2, -4},  // ties below zero
      {25, 10, 2},      {35, 10, 4},         {-25, 10, -2},
      {-35, 10, -4},  // ties, another divisor
      {24, 10, 2},      {26, 10, 3},         {-24, 10, -2},
      {-26, 10, -3},  // near ties
      {1, 3, 0},        {2, 3, 1},           {-1, 3, 0},
      {-2, 3, -1},      {4, 3, 1},           {5, 3, 2},  // an odd divisor has no ties
      {kMax, 1, kMax},  {kMin, 1, kMin},     {kMax, kMax, 1},
      {kMin, kMax, -1}, {kMax / 2, kMax, 0}, {kMax / 2 + 1, kMax, 1},
  };
  for (const Case& c : kCases) {
    EXPECT_TRUE(DivideHalfEven(c.dividend, c.divisor) == c.quotient) << c.dividend << " / " << c.divisor;
  }
}

TEST(DivideHalfEven, TakesAProductOfTwoAmounts) {
  const Int128 product = static_cast<Int128>(kMax) * kMax;
  EXPECT_TRUE(DivideHalfEven(product, kMax) == kMax);
  EXPECT_TRUE(DivideHalfEven(-product, kMax) == -static_cast<Int128>(kMax));
  EXPECT_TRUE(DivideHalfEven(product, 2) == product / 2);  // the tie's lower neighbour is even
}

TEST(DivideHalfEven, IsNeverFurtherOffThanAHalf) {
  for (int64_t divisor = 1; divisor <= 12; ++divisor) {
    for (int64_t dividend = -100; dividend <= 100; ++dividend) {
      const Int128 quotient = DivideHalfEven(dividend, divisor);
      const Int128 error = 2 * (dividend - quotient * divisor);
      EXPECT_TRUE(-divisor <= error && error <= divisor) << dividend << " / " << divisor;
      if (error == divisor || error == -divisor) {
        EXPECT_TRUE(quotient % 2 == 0) << dividend << " / " << divisor;
      }
    }
  }
}

TEST(DivideHalfEvenDeathTest, DivisorIsPositive) {
  EXPECT_DEATH(DivideHalfEven(1, 0), "divisor > 0");
  EXPECT_DEATH(DivideHalfEven(1, -1), "divisor > 0");
}

TEST(ValidateUnit, TakesCurrenciesAndCommodities) {
  for (const std::string& unit : {std::string("EUR"), std::string("core-hour@alpha"), std::string("x"),
                                  std::string("gpu.hour_2@site-7"), std::string(40, 'a')}) {
    EXPECT_TRUE(ValidateUnit(unit).ok()) << unit;
  }
}

TEST(ValidateUnit, RefusesTheRest) {
  for (const std::string& unit :
       {std::string(), std::string(41, 'a'), std::string("1EUR"), std::string("@alpha"), std::string("E UR"),
        std::string("E\nR"), std::string("E/R"), std::string("€"), std::string("E\0R", 3)}) {
    EXPECT_EQ(ValidateUnit(unit).code(), StatusCode::kInvalidArgument) << unit;
  }
}

}  // namespace
}  // namespace turnpike
