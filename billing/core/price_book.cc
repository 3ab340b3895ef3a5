#include "billing/core/price_book.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/money.h"

namespace turnpike {
namespace {

// Where each resource's rate lies in a RateSet.
int64_t RateSet::*MemberOf(PricedResource resource) {
  switch (resource) {
    case PricedResource::kNodeHour:
      return &RateSet::node_hour_micros;
    case PricedResource::kCoreHour:
      return &RateSet::core_hour_micros;
    case PricedResource::kAcceleratorHour:
      return &RateSet::accelerator_hour_micros;
    case PricedResource::kMemoryGibHour:
      return &RateSet::memory_gib_hour_micros;
  }
  __builtin_unreachable();
}

void ValidateRate(const Rate& rate, const std::string& path, FieldViolations& violations) {
  if (rate.share.empty()) {
    violations.Add(path + ".share",
                   "names no share; give a share's name, or \"*\" for every share without its own rate");
  }
  if (rate.micros_per_hour < 0) {
    violations.Add(path + ".price", fmt::format("is {}; a rate is zero or more", FormatMicros(rate.micros_per_hour)));
  }
}

}  // namespace

std::string_view PricedResourceName(PricedResource resource) {
  switch (resource) {
    case PricedResource::kNodeHour:
      return "node-hour";
    case PricedResource::kCoreHour:
      return "core-hour";
    case PricedResource::kAcceleratorHour:
      return "accelerator-hour";
    case PricedResource::kMemoryGibHour:
      return "GiB-hour";
  }
  __builtin_unreachable();
}

std::optional<PricedResource> ParsePricedResource(std::string_view name) {
  for (const PricedResource resource : kPricedResources) {
    if (PricedResourceName(resource) == name) {
      return resource;
    }
  }
  return std::nullopt;
}

int64_t RateOf(const RateSet& rates, PricedResource resource) {
  return rates.*MemberOf(resource);
}

std::optional<RateSet> RatesFor(const PriceBook& book, std::string_view share) {
  RateSet own{.unit = book.unit};
  RateSet general{.unit = book.unit};
  bool has_own = false;
  bool has_general = false;
  for (const Rate& rate : book.rates) {
    if (rate.share == share && share != kEveryShare) {
      own.*MemberOf(rate.resource) = rate.micros_per_hour;
      has_own = true;
    } else if (rate.share == kEveryShare) {
      general.*MemberOf(rate.resource) = rate.micros_per_hour;
      has_general = true;
    }
  }
  if (has_own) {
    return own;
  }
  return has_general ? std::optional<RateSet>(general) : std::nullopt;
}

void ValidatePriceBook(const PriceBook& book, std::string_view path, FieldViolations& violations) {
  if (const Status unit = ValidateUnit(book.unit); !unit.ok()) {
    violations.Add(fmt::format("{}.unit", path), std::string(MessageOf(unit)));
  }
  if (book.rates.empty() || book.rates.size() > kRatesMax) {
    violations.Add(fmt::format("{}.rates", path),
                   fmt::format("has {} rates; give 1 to {}", book.rates.size(), kRatesMax));
    return;
  }
  std::set<std::pair<std::string_view, PricedResource>> seen;
  for (size_t i = 0; i < book.rates.size(); ++i) {
    const Rate& rate = book.rates[i];
    const std::string rate_path = fmt::format("{}.rates[{}]", path, i);
    ValidateRate(rate, rate_path, violations);
    if (!seen.insert({rate.share, rate.resource}).second) {
      violations.Add(rate_path, fmt::format("is the second rate per {} for share \"{}\"; give each once",
                                            PricedResourceName(rate.resource), rate.share));
    }
  }
}

}  // namespace turnpike
