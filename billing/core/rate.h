#pragma once
// The one evaluator of prices: quotes, holds and charges all come from here, so that they agree to the last micro-unit.

#include <string>

#include "base/money.h"
#include "base/resources.h"
#include "base/status.h"
#include "billing/core/price_book.h"

namespace turnpike {

// Every amount times its rate, added up exactly, then rounded once, half to even.  OUT_OF_RANGE where it does not fit;
// INVALID_ARGUMENT for negative amounts or rates.
Result<Money> PriceOf(const ResourceSeconds& use, const RateSet& rates);

// The same for people: "2 core-hours x 0.02 + 1.5 node-hours x 3.00 EUR"; "nothing is priced" when no rate applies.
std::string PriceFormula(const ResourceSeconds& use, const RateSet& rates);

}  // namespace turnpike
