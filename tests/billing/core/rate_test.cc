#include "billing/core/rate.h"

#include <gmock/gmock.h>

#include <limits>
#include <random>

#include "billing/core/quote.h"

namespace turnpike {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

RateSet CoreRate(int64_t micros) {
  return {.unit = "EUR", .core_hour_micros = micros};
}

struct Case {
  const char* name;
  ResourceSeconds use;
  RateSet rates;
  int64_t micros;
};

const Case kCases[] = {
    {"one core-hour at 0.02", {.core_seconds = 3'600}, CoreRate(20'000), 20'000},
    {"one core-second is not rounded before the sum", {.core_seconds = 1}, CoreRate(20'000), 6},  // 5.56
    {"half goes to the even neighbour below", {.core_seconds = 1'800}, CoreRate(1), 0},
    {"half goes to the even neighbour above", {.core_seconds = 5'400}, CoreRate(1), 2},
    {"just above a half", {.core_seconds = 1'801}, CoreRate(1), 1},
    {"halves of two resources make one whole",
     {.node_seconds = 1'800, .core_seconds = 1'800},
     {.unit = "EUR", .node_hour_micros = 1, .core_hour_micros = 1},
     1},
    {"memory counts in GiB-hours",
     {.memory_mib_seconds = 1'024 * 3'600},
     {.unit = "EUR", .memory_gib_hour_micros = 4'000},
     4'000},
    {"memory is rounded with the rest",
     {.core_seconds = 1'800, .memory_mib_seconds = 512 * 3'600},
     {.unit = "EUR", .core_hour_micros = 1, .memory_gib_hour_micros = 1},
     1},
    {"all four",
     {7'200, 14'400, 3'600, 1'024 * 3'600},
     {"EUR", 1'000'000, 20'000, 1'500'000, 4'000},
     2'000'000 + 80'000 + 1'500'000 + 4'000},
    {"nothing used", {}, CoreRate(20'000), 0},
    {"nothing priced", {.core_seconds = kMost}, {.unit = "EUR"}, 0},
    {"16,000 accelerators for 63 days at 2.50",
     {.accelerator_seconds = 87'091'200'000},
     {.unit = "EUR", .accelerator_hour_micros = 2'500'000},
     60'480'000'000'000},
    {"the largest price that fits", {.core_seconds = 3'600}, CoreRate(kMost), kMost},
};

TEST(Rate, PricesExactlyAndRoundsOnce) {
  for (const Case& each : kCases) {
    const Result<Money> price = PriceOf(each.use, each.rates);
    ASSERT_TRUE(price.ok()) << each.name << ": " << price.status();
    EXPECT_EQ(*price, (Money{each.micros, "EUR"})) << each.name;
  }
}

TEST(Rate, PriceThatDoesNotFitIsAnError) {
  EXPECT_EQ(PriceOf({.core_seconds = 3'601}, CoreRate(kMost)).status().code(), StatusCode::kOutOfRange);
  EXPECT_EQ(PriceOf({kMost, kMost, kMost, kMost}, {"EUR", kMost, kMost, kMost, kMost}).status().code(),
            StatusCode::kOutOfRange);
}

TEST(Rate, NegativeAmountsAndRatesAreRefused) {
  EXPECT_EQ(PriceOf({.core_seconds = -1}, CoreRate(1)).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(PriceOf({.core_seconds = 1}, CoreRate(-1)).status().code(), StatusCode::kInvalidArgument);
}

TEST(Rate, MoreUseNeverCostsLess) {
  std::mt19937_64 random(20261122);
  for (int i = 0; i < 2'000; ++i) {
    const RateSet rates = CoreRate(static_cast<int64_t>(random() % 1'000'000));
    const auto seconds = static_cast<int64_t>(random() % 1'000'000'000);
    const auto more = static_cast<int64_t>(random() % 1'000);
    EXPECT_LE(PriceOf({.core_seconds = seconds}, rates)->micros,
              PriceOf({.core_seconds = seconds + more}, rates)->micros);
  }
}

TEST(Rate, FormulaNamesAmountsRatesAndUnit) {
  EXPECT_EQ(PriceFormula({.node_seconds = 5'400, .core_seconds = 7'200},
                         {.unit = "EUR", .node_hour_micros = 3'000'000, .core_hour_micros = 20'000}),
            "1.50 node-hours x 3.00 + 2 core-hours x 0.02 EUR");
  EXPECT_EQ(PriceFormula({.core_seconds = 1}, CoreRate(20'000)), "0.000278 core-hours x 0.02 EUR");
  EXPECT_EQ(PriceFormula({.memory_mib_seconds = 1'024 * 7'200}, {.unit = "EUR", .memory_gib_hour_micros = 1'000}),
            "2 GiB-hours x 0.001 EUR");
  EXPECT_EQ(PriceFormula({.core_seconds = 7'200}, {.unit = "EUR"}), "nothing is priced");
}

TEST(Quote, CeilingIsTheLimitAndTheOverrunOfWhatIsAllocated) {
  const AllocationRule rule{
      .whole_nodes = true, .cores_per_node = 64, .memory_per_node_mib = 1, .overrun = std::chrono::minutes(30)};
  const Result<Money> ceiling = Ceiling({.nodes = 2, .tasks = 2}, rule, CoreRate(20'000), std::chrono::minutes(90));
  ASSERT_TRUE(ceiling.ok());
  EXPECT_EQ(*ceiling, (Money{128 * 2 * 20'000, "EUR"}));
}

TEST(Quote, CeilingCoversEveryUseWithinIt) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 500; ++i) {
    const RequestedShape shape{.tasks = static_cast<int64_t>(1 + random() % 50),
                               .memory_per_node_mib = static_cast<int64_t>(random() % 90'000)};
    const AllocationRule rule{.cores_per_node = 64,
                              .memory_per_node_mib = 90'000,
                              .memory_per_core_mib = static_cast<int64_t>(random() % 3'000),
                              .overrun = std::chrono::seconds(random() % 300)};
    const RateSet rates{"EUR", static_cast<int64_t>(random() % 9'999), static_cast<int64_t>(random() % 9'999), 0,
                        static_cast<int64_t>(random() % 9'999)};
    const std::chrono::seconds limit(1 + random() % 100'000);
    const std::chrono::seconds ran(random() % static_cast<uint64_t>((limit + rule.overrun).count() + 1));
    const Result<Money> ceiling = Ceiling(shape, rule, rates, limit);
    const Result<Money> price = PriceOf(*HoldFor(Allocate(shape, rule), ran), rates);
    ASSERT_TRUE(ceiling.ok() && price.ok());
    EXPECT_LE(price->micros, ceiling->micros) << "case " << i;
  }
}

}  // namespace
}  // namespace turnpike
