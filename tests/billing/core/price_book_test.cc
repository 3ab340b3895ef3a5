#include "billing/core/price_book.h"

#include <gmock/gmock.h>

namespace turnpike {
namespace {

PriceBook BookOf(std::vector<Rate> rates) {
  return {.site_id = {}, .version = 3, .effective_time = {}, .unit = "EUR", .rates = std::move(rates)};
}

TEST(PriceBook, ShareWithoutRatesOfItsOwnUsesThoseOfEveryShare) {
  const PriceBook book = BookOf({{"*", PricedResource::kCoreHour, 20'000}});
  EXPECT_EQ(RatesFor(book, "main"), (RateSet{.unit = "EUR", .core_hour_micros = 20'000}));
}

TEST(PriceBook, ShareWithRatesOfItsOwnUsesThemAlone) {
  const PriceBook book = BookOf({{"*", PricedResource::kCoreHour, 20'000},
                                 {"gpu", PricedResource::kAcceleratorHour, 1'500'000},
                                 {"*", PricedResource::kNodeHour, 7}});
  EXPECT_EQ(RatesFor(book, "gpu"), (RateSet{.unit = "EUR", .accelerator_hour_micros = 1'500'000}));
  EXPECT_EQ(RatesFor(book, "main"), (RateSet{.unit = "EUR", .node_hour_micros = 7, .core_hour_micros = 20'000}));
}

TEST(PriceBook, ShareIsNotPricedByAnotherOnesRates) {
  EXPECT_EQ(RatesFor(BookOf({{"gpu", PricedResource::kNodeHour, 1}}), "main"), std::nullopt);
  EXPECT_EQ(RatesFor(BookOf({}), "main"), std::nullopt);
}

TEST(PriceBook, ZeroRateIsAPrice) {
  EXPECT_EQ(RatesFor(BookOf({{"*", PricedResource::kCoreHour, 0}}), "main"), (RateSet{.unit = "EUR"}));
}

TEST(PriceBook, ResourceNamesComeBack) {
  for (const PricedResource resource : kPricedResources) {
    EXPECT_EQ(ParsePricedResource(PricedResourceName(resource)), resource);
  }
  EXPECT_EQ(ParsePricedResource("gpu-hour"), std::nullopt);
}

TEST(PriceBook, RateOfPicksTheResource) {
  const RateSet rates{.unit = "EUR",
                      .node_hour_micros = 1,
                      .core_hour_micros = 2,
                      .accelerator_hour_micros = 3,
                      .memory_gib_hour_micros = 4};
  EXPECT_EQ(RateOf(rates, PricedResource::kNodeHour), 1);
  EXPECT_EQ(RateOf(rates, PricedResource::kCoreHour), 2);
  EXPECT_EQ(RateOf(rates, PricedResource::kAcceleratorHour), 3);
  EXPECT_EQ(RateOf(rates, PricedResource::kMemoryGibHour), 4);
}

TEST(PriceBook, ValidationNamesEveryFault) {
  struct Case {
    PriceBook book;
    std::string expected;  // in the message; empty: valid
  };
  PriceBook without_unit = BookOf({{"*", PricedResource::kCoreHour, 1}});
  without_unit.unit = "";
  const Case cases[] = {
      {BookOf({{"*", PricedResource::kCoreHour, 0}, {"a", PricedResource::kCoreHour, 5}}), ""},
      {without_unit, "price_book.unit"},
      {BookOf({}), "price_book.rates"},
      {BookOf({{"", PricedResource::kCoreHour, 1}}), "price_book.rates[0].share"},
      {BookOf({{"*", PricedResource::kCoreHour, -1}}), "price_book.rates[0].price"},
      {BookOf({{"a", PricedResource::kCoreHour, 1}, {"a", PricedResource::kNodeHour, 1}}), ""},
      {BookOf({{"a", PricedResource::kCoreHour, 1}, {"a", PricedResource::kCoreHour, 1}}), "price_book.rates[1]"},
  };
  for (const Case& each : cases) {
    FieldViolations violations;
    ValidatePriceBook(each.book, "price_book", violations);
    EXPECT_EQ(violations.empty(), each.expected.empty()) << each.expected;
    if (!each.expected.empty()) {
      const ErrorDetails details = DetailsOf(violations.ToStatus());
      ASSERT_EQ(details.violations.size(), 1U) << each.expected;
      EXPECT_EQ(details.violations[0].path, each.expected);
    }
  }
}

TEST(PriceBook, TooManyRatesAreRefusedAsAWhole) {
  PriceBook book = BookOf({});
  for (size_t i = 0; i <= kRatesMax; ++i) {
    book.rates.push_back({"share-" + std::to_string(i), PricedResource::kCoreHour, -1});
  }
  FieldViolations violations;
  ValidatePriceBook(book, "book", violations);
  EXPECT_EQ(DetailsOf(violations.ToStatus()).violations.size(), 1U);
}

}  // namespace
}  // namespace turnpike
