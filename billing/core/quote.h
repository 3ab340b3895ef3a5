#pragma once
// The ceiling: the most that a job can cost at a share, reached when it runs to its limit and the site's overrun
// besides.

#include <chrono>

#include "base/money.h"
#include "billing/core/allocation.h"
#include "billing/core/price_book.h"

namespace turnpike {

Result<Money> Ceiling(const RequestedShape& shape, const AllocationRule& rule, const RateSet& rates,
                      std::chrono::seconds time_limit);

}  // namespace turnpike
