#pragma once
// What a site asks for: rates per share and resource, in one unit.  A version never changes.  A share with a rate of
// its own uses its own rates only; a share without one uses those of "*"; a share with neither is not eligible. Values,
// free to copy.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_reason.h"
#include "base/ids.h"
#include "base/time.h"

namespace turnpike {

enum class PricedResource { kNodeHour, kCoreHour, kAcceleratorHour, kMemoryGibHour };

constexpr PricedResource kPricedResources[] = {PricedResource::kNodeHour, PricedResource::kCoreHour,
                                               PricedResource::kAcceleratorHour, PricedResource::kMemoryGibHour};

std::string_view PricedResourceName(PricedResource resource);  // "core-hour"
std::optional<PricedResource> ParsePricedResource(std::string_view name);

constexpr std::string_view kEveryShare = "*";
constexpr size_t kRatesMax = 10'000;  // of one price book

struct Rate {
  std::string share;  // a share's name, or "*"
  PricedResource resource = PricedResource::kCoreHour;
  int64_t micros_per_hour = 0;  // of the book's unit, for one resource-hour; not negative
  friend bool operator==(const Rate&, const Rate&) = default;
};

struct PriceBook {
  SiteId site_id;
  int64_t version = 0;  // 1, 2, 3 … per site
  Timestamp effective_time{};
  std::string unit;
  std::vector<Rate> rates;
};

// The rates of one share, a resource without a rate being free.
struct RateSet {
  std::string unit;
  int64_t node_hour_micros = 0;
  int64_t core_hour_micros = 0;
  int64_t accelerator_hour_micros = 0;
  int64_t memory_gib_hour_micros = 0;
  friend bool operator==(const RateSet&, const RateSet&) = default;
};

int64_t RateOf(const RateSet& rates, PricedResource resource);

// nullopt: the book has no price for this share.
std::optional<RateSet> RatesFor(const PriceBook& book, std::string_view share);

// Unit, negative rates, empty share names, duplicates, number of rates.  `path` is where the book lies in the request:
// "price_book".
void ValidatePriceBook(const PriceBook& book, std::string_view path, FieldViolations& violations);

}  // namespace turnpike
